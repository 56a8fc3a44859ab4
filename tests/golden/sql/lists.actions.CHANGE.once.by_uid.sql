-- $1 owner, $2 key, $3 fingerprint, $4 sets_name, $5 name, $6 sets_color, $7 color, $8 id, $9 expected
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
changed AS
(UPDATE lists SET name=CASE WHEN $4 THEN $5::VARCHAR ELSE lists.name END, color=CASE WHEN $6 THEN $7::VARCHAR ELSE lists.color END, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT) WHERE lists.uid = $8::UUID AND lists.deleted_at IS NULL AND ($9::BIGINT[] IS NULL OR lists.version = any($9::BIGINT[])) AND lists.owner_id = $1::VARCHAR AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING lists.id, lists.uid, lists.name, lists.color, lists.position, lists.created_at, lists.updated_at, lists.version),
made AS
(SELECT changed.id AS id, row_to_json(changed) AS json, changed.version AS version
FROM changed),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
