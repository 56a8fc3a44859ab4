-- $1 owner, $2 key, $3 fingerprint, $4 status, $5 completed_at, $6 title, $7 description, $8 priority, $9 due_on, $10 due_at, $11 time_zone, $12 tags, $13 title_words, $14 title_unspaced, $15 description_words, $16 description_unspaced, $17 recurrence, $18 recurrence_anchor, $19 reminders, $20 occurrence, $21 occurrence_date, $22 series_start, $23 series_first, $24 last_occurrence
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
created AS
(INSERT INTO tasks (owner_id, version, marked_done_at, title, description, status, priority, due_on, due_at, time_zone, tags, title_words, title_unspaced, description_words, description_unspaced, recurrence, recurrence_anchor, reminders, occurrence, occurrence_date, series_start, series_first, last_occurrence) SELECT $1::VARCHAR AS anon_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1, CASE WHEN ($4::VARCHAR = 'Done') THEN least($5::TIMESTAMP WITH TIME ZONE, now()) END AS anon_4, $6::VARCHAR AS anon_5, $7::VARCHAR AS anon_6, $4::VARCHAR AS anon_7, $8::VARCHAR AS anon_8, $9::DATE AS anon_9, $10::TIMESTAMP WITH TIME ZONE AS anon_10, $11::VARCHAR AS anon_11, $12::TEXT[] AS anon_12, $13 AS anon_13, $14::VARCHAR AS anon_14, $15 AS anon_15, $16::VARCHAR AS anon_16, $17::VARCHAR AS anon_17, $18::VARCHAR AS anon_18, $19::JSONB AS anon_19, $20::BIGINT AS anon_20, $21::VARCHAR AS anon_21, $22::VARCHAR AS anon_22, $23::BIGINT AS anon_23, $24::BIGINT AS anon_24
WHERE NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
made AS
(SELECT created.id AS id, row_to_json(created) AS json, created.version AS version
FROM created),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_25, true AS anon_26, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_26, known.fingerprint = $3::VARCHAR AS anon_27, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
