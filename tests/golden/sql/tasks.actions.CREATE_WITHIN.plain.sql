-- $1 owner, $2 status, $3 completed_at, $4 title, $5 description, $6 priority, $7 due_on, $8 due_at, $9 time_zone, $10 tags, $11 title_words, $12 title_unspaced, $13 description_words, $14 description_unspaced, $15 recurrence, $16 recurrence_anchor, $17 reminders, $18 occurrence, $19 occurrence_date, $20 series_start, $21 series_first, $22 last_occurrence, $23 uid, $24 parent_id, $25 parent_uid, $26 list_id, $27 list_uid
WITH asked AS
(SELECT CASE WHEN ($24::BIGINT IS NOT NULL OR $25::UUID IS NOT NULL) THEN the_parent.list_id ELSE the_list.id END AS list_id, the_parent.id AS parent_id, CASE WHEN (($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) AND the_list.id IS NULL) THEN 'TW422' WHEN (($24::BIGINT IS NOT NULL OR $25::UUID IS NOT NULL) AND the_parent.id IS NULL) THEN 'TW423' WHEN (($24::BIGINT IS NOT NULL OR $25::UUID IS NOT NULL) AND ($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) AND the_list.id IS DISTINCT FROM the_parent.list_id) THEN 'TW425' WHEN (the_parent.parent_id IS NOT NULL) THEN 'TW431' WHEN (($24::BIGINT IS NOT NULL OR $25::UUID IS NOT NULL) AND (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = the_parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR
 LIMIT ALL OFFSET 499))) THEN 'TW432' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT list.id AS id
FROM lists AS list
WHERE list.id = $26::BIGINT AND list.deleted_at IS NULL AND list.owner_id = $1::VARCHAR UNION ALL SELECT list_by_uid.id AS id
FROM lists AS list_by_uid
WHERE list_by_uid.uid = $27::UUID AND list_by_uid.deleted_at IS NULL AND list_by_uid.owner_id = $1::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT parent.id AS id, parent.list_id AS list_id, parent.parent_id AS parent_id
FROM tasks AS parent
WHERE parent.id = $24::BIGINT AND parent.deleted_at IS NULL AND parent.owner_id = $1::VARCHAR UNION ALL SELECT parent_by_uid.id AS id, parent_by_uid.list_id AS list_id, parent_by_uid.parent_id AS parent_id
FROM tasks AS parent_by_uid
WHERE parent_by_uid.uid = $25::UUID AND parent_by_uid.erased_at IS NULL AND parent_by_uid.deleted_at IS NULL AND parent_by_uid.owner_id = $1::VARCHAR) AS the_parent ON true),
created AS
(INSERT INTO tasks (owner_id, version, marked_done_at, title, description, status, priority, due_on, due_at, time_zone, tags, title_words, title_unspaced, description_words, description_unspaced, recurrence, recurrence_anchor, reminders, occurrence, occurrence_date, series_start, series_first, last_occurrence, list_id, parent_id, uid) SELECT $1::VARCHAR AS anon_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1, CASE WHEN ($2::VARCHAR = 'Done') THEN least($3::TIMESTAMP WITH TIME ZONE, now()) END AS anon_2, $4::VARCHAR AS anon_3, $5::VARCHAR AS anon_4, $2::VARCHAR AS anon_5, $6::VARCHAR AS anon_6, $7::DATE AS anon_7, $8::TIMESTAMP WITH TIME ZONE AS anon_8, $9::VARCHAR AS anon_9, $10::TEXT[] AS anon_10, $11 AS anon_11, $12::VARCHAR AS anon_12, $13 AS anon_13, $14::VARCHAR AS anon_14, $15::VARCHAR AS anon_15, $16::VARCHAR AS anon_16, $17::JSONB AS anon_17, $18::BIGINT AS anon_18, $19::VARCHAR AS anon_19, $20::VARCHAR AS anon_20, $21::BIGINT AS anon_21, $22::BIGINT AS anon_22, asked.list_id AS list_id, asked.parent_id AS parent_id, $23::UUID AS anon_23
FROM asked
WHERE asked.refusal IS NULL ON CONFLICT (owner_id, uid) WHERE uid IS NOT NULL AND erased_at IS NULL DO NOTHING RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT created.id, row_to_json(created) AS json, created.version
FROM created
