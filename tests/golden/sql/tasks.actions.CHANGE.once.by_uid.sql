-- $1 owner, $2 key, $3 fingerprint, $4 sets_title, $5 title, $6 sets_description, $7 description, $8 sets_status, $9 status, $10 sets_priority, $11 priority, $12 sets_due_on, $13 due_on, $14 sets_due_at, $15 due_at, $16 sets_time_zone, $17 time_zone, $18 sets_tags, $19 tags, $20 title_words, $21 description_words, $22 title_unspaced, $23 description_unspaced, $24 id, $25 expected
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
changed AS
(UPDATE tasks SET title=CASE WHEN $4 THEN $5::VARCHAR ELSE tasks.title END, description=CASE WHEN $6 THEN $7::VARCHAR ELSE tasks.description END, status=CASE WHEN $8 THEN $9::VARCHAR ELSE tasks.status END, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=CASE WHEN $10 THEN $11::VARCHAR ELSE tasks.priority END, due_on=CASE WHEN $12 THEN $13::DATE ELSE tasks.due_on END, due_at=CASE WHEN $14 THEN $15::TIMESTAMP WITH TIME ZONE ELSE tasks.due_at END, time_zone=CASE WHEN $16 THEN $17::VARCHAR ELSE tasks.time_zone END, tags=CASE WHEN $18 THEN $19::TEXT[] ELSE tasks.tags END, marked_done_at=CASE WHEN (CASE WHEN $8 THEN $9::VARCHAR ELSE tasks.status END = 'Done') THEN tasks.completed_at END, title_words=CASE WHEN $4 THEN $20 ELSE tasks.title_words END, description_words=CASE WHEN $6 THEN $21 ELSE tasks.description_words END, title_unspaced=CASE WHEN $4 THEN $22::VARCHAR ELSE tasks.title_unspaced END, description_unspaced=CASE WHEN $6 THEN $23::VARCHAR ELSE tasks.description_unspaced END WHERE tasks.uid = $24::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($25::BIGINT[] IS NULL OR tasks.version = any($25::BIGINT[])) AND tasks.owner_id = $1::VARCHAR AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version, tasks.uid),
made AS
(SELECT changed.id AS id, row_to_json(changed) AS json, changed.version AS version
FROM changed),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
