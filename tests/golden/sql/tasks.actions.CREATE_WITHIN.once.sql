-- $1 owner, $2 key, $3 fingerprint, $4 status, $5 completed_at, $6 title, $7 description, $8 priority, $9 due_on, $10 due_at, $11 time_zone, $12 tags, $13 title_words, $14 title_unspaced, $15 description_words, $16 description_unspaced, $17 recurrence, $18 recurrence_anchor, $19 reminders, $20 occurrence, $21 occurrence_date, $22 series_start, $23 series_first, $24 last_occurrence, $25 uid, $26 parent_id, $27 parent_uid, $28 list_id, $29 list_uid
WITH asked AS
(SELECT CASE WHEN ($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) THEN the_parent.list_id ELSE the_list.id END AS list_id, the_parent.id AS parent_id, CASE WHEN (($28::BIGINT IS NOT NULL OR $29::UUID IS NOT NULL) AND the_list.id IS NULL) THEN 'TW422' WHEN (($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) AND the_parent.id IS NULL) THEN 'TW423' WHEN (($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) AND ($28::BIGINT IS NOT NULL OR $29::UUID IS NOT NULL) AND the_list.id IS DISTINCT FROM the_parent.list_id) THEN 'TW425' WHEN (the_parent.parent_id IS NOT NULL) THEN 'TW431' WHEN (($26::BIGINT IS NOT NULL OR $27::UUID IS NOT NULL) AND (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = the_parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR
 LIMIT ALL OFFSET 499))) THEN 'TW432' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT list.id AS id
FROM lists AS list
WHERE list.id = $28::BIGINT AND list.deleted_at IS NULL AND list.owner_id = $1::VARCHAR UNION ALL SELECT list_by_uid.id AS id
FROM lists AS list_by_uid
WHERE list_by_uid.uid = $29::UUID AND list_by_uid.deleted_at IS NULL AND list_by_uid.owner_id = $1::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT parent.id AS id, parent.list_id AS list_id, parent.parent_id AS parent_id
FROM tasks AS parent
WHERE parent.id = $26::BIGINT AND parent.deleted_at IS NULL AND parent.owner_id = $1::VARCHAR UNION ALL SELECT parent_by_uid.id AS id, parent_by_uid.list_id AS list_id, parent_by_uid.parent_id AS parent_id
FROM tasks AS parent_by_uid
WHERE parent_by_uid.uid = $27::UUID AND parent_by_uid.erased_at IS NULL AND parent_by_uid.deleted_at IS NULL AND parent_by_uid.owner_id = $1::VARCHAR) AS the_parent ON true),
known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
created AS
(INSERT INTO tasks (owner_id, version, marked_done_at, title, description, status, priority, due_on, due_at, time_zone, tags, title_words, title_unspaced, description_words, description_unspaced, recurrence, recurrence_anchor, reminders, occurrence, occurrence_date, series_start, series_first, last_occurrence, list_id, parent_id, uid) SELECT $1::VARCHAR AS anon_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1, CASE WHEN ($4::VARCHAR = 'Done') THEN least($5::TIMESTAMP WITH TIME ZONE, now()) END AS anon_4, $6::VARCHAR AS anon_5, $7::VARCHAR AS anon_6, $4::VARCHAR AS anon_7, $8::VARCHAR AS anon_8, $9::DATE AS anon_9, $10::TIMESTAMP WITH TIME ZONE AS anon_10, $11::VARCHAR AS anon_11, $12::TEXT[] AS anon_12, $13 AS anon_13, $14::VARCHAR AS anon_14, $15 AS anon_15, $16::VARCHAR AS anon_16, $17::VARCHAR AS anon_17, $18::VARCHAR AS anon_18, $19::JSONB AS anon_19, $20::BIGINT AS anon_20, $21::VARCHAR AS anon_21, $22::VARCHAR AS anon_22, $23::BIGINT AS anon_23, $24::BIGINT AS anon_24, asked.list_id AS list_id, asked.parent_id AS parent_id, $25::UUID AS anon_25
FROM asked
WHERE NOT (EXISTS (SELECT known.key
FROM known)) AND asked.refusal IS NULL ON CONFLICT (owner_id, uid) WHERE uid IS NOT NULL AND erased_at IS NULL DO NOTHING RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
made AS
(SELECT created.id AS id, row_to_json(created) AS json, created.version AS version
FROM created),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_26, true AS anon_27, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_27, known.fingerprint = $3::VARCHAR AS anon_28, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
