-- $1 owner, $2 key, $3 fingerprint, $4 title, $5 description, $6 status, $7 priority, $8 due_on, $9 due_at, $10 time_zone, $11 tags, $12 title_words, $13 description_words, $14 title_unspaced, $15 description_unspaced, $16 id, $17 expected
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
changed AS
(UPDATE tasks SET title=$4::VARCHAR, description=$5::VARCHAR, status=$6::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=$7::VARCHAR, due_on=$8::DATE, due_at=$9::TIMESTAMP WITH TIME ZONE, time_zone=$10::VARCHAR, tags=$11::TEXT[], marked_done_at=CASE WHEN ($6::VARCHAR = 'Done') THEN tasks.completed_at END, title_words=$12, description_words=$13, title_unspaced=$14::VARCHAR, description_unspaced=$15::VARCHAR WHERE tasks.uid = $16::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($17::BIGINT[] IS NULL OR tasks.version = any($17::BIGINT[])) AND tasks.owner_id = $1::VARCHAR AND NOT (EXISTS (SELECT known.key
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
