-- $1 parent_id, $2 parent_uid, $3 list_id, $4 list_uid, $5 owner, $6 status, $7 completed_at, $8 title, $9 description, $10 priority, $11 due_on, $12 due_at, $13 time_zone, $14 tags, $15 title_words, $16 title_unspaced, $17 description_words, $18 description_unspaced, $19 recurrence, $20 recurrence_anchor, $21 reminders, $22 occurrence, $23 occurrence_date, $24 series_start, $25 series_first, $26 last_occurrence, $27 uid
WITH asked AS
(SELECT CASE WHEN ($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) THEN the_parent.list_id ELSE the_list.id END AS list_id, the_parent.id AS parent_id, CASE WHEN (($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_list.id IS NULL) THEN 'TW422' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND the_parent.id IS NULL) THEN 'TW423' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND ($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_list.id IS DISTINCT FROM the_parent.list_id) THEN 'TW425' WHEN (the_parent.parent_id IS NOT NULL) THEN 'TW431' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = the_parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $5::VARCHAR
 LIMIT ALL OFFSET 499))) THEN 'TW432' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT list.id AS id
FROM lists AS list
WHERE list.id = $3::BIGINT AND list.deleted_at IS NULL AND list.owner_id = $5::VARCHAR UNION ALL SELECT list_by_uid.id AS id
FROM lists AS list_by_uid
WHERE list_by_uid.uid = $4::UUID AND list_by_uid.deleted_at IS NULL AND list_by_uid.owner_id = $5::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT parent.id AS id, parent.list_id AS list_id, parent.parent_id AS parent_id
FROM tasks AS parent
WHERE parent.id = $1::BIGINT AND parent.deleted_at IS NULL AND parent.owner_id = $5::VARCHAR UNION ALL SELECT parent_by_uid.id AS id, parent_by_uid.list_id AS list_id, parent_by_uid.parent_id AS parent_id
FROM tasks AS parent_by_uid
WHERE parent_by_uid.uid = $2::UUID AND parent_by_uid.erased_at IS NULL AND parent_by_uid.deleted_at IS NULL AND parent_by_uid.owner_id = $5::VARCHAR) AS the_parent ON true),
created AS
(INSERT INTO tasks (owner_id, version, marked_done_at, title, description, status, priority, due_on, due_at, time_zone, tags, title_words, title_unspaced, description_words, description_unspaced, recurrence, recurrence_anchor, reminders, occurrence, occurrence_date, series_start, series_first, last_occurrence, list_id, parent_id, uid) SELECT $5::VARCHAR AS anon_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1, CASE WHEN ($6::VARCHAR = 'Done') THEN least($7::TIMESTAMP WITH TIME ZONE, now()) END AS anon_2, $8::VARCHAR AS anon_3, $9::VARCHAR AS anon_4, $6::VARCHAR AS anon_5, $10::VARCHAR AS anon_6, $11::DATE AS anon_7, $12::TIMESTAMP WITH TIME ZONE AS anon_8, $13::VARCHAR AS anon_9, $14::TEXT[] AS anon_10, $15 AS anon_11, $16::VARCHAR AS anon_12, $17 AS anon_13, $18::VARCHAR AS anon_14, $19::VARCHAR AS anon_15, $20::VARCHAR AS anon_16, $21::JSONB AS anon_17, $22::BIGINT AS anon_18, $23::VARCHAR AS anon_19, $24::VARCHAR AS anon_20, $25::BIGINT AS anon_21, $26::BIGINT AS anon_22, asked.list_id AS list_id, asked.parent_id AS parent_id, $27::UUID AS anon_23
FROM asked
WHERE asked.refusal IS NULL ON CONFLICT (owner_id, uid) WHERE uid IS NOT NULL AND erased_at IS NULL DO NOTHING RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (created.id IS NOT NULL) THEN '{"op": "create", "status": 201, "task": ' || CAST(row_to_json(created) AS TEXT) || '}' ELSE refuse(coalesce(asked.refusal, 'TW409')) END), true)) AS length_1
FROM asked LEFT OUTER JOIN created ON true
