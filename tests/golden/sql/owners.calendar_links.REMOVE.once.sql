-- $1 owner, $2 key, $3 fingerprint
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
made AS
(SELECT CAST(NULL AS BIGINT) AS id, '' AS json, CAST(NULL AS BIGINT) AS version
WHERE NOT (EXISTS (SELECT known.key
FROM known))),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer),
removed AS
(DELETE FROM calendar_links WHERE calendar_links.owner_id = $1::VARCHAR AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING calendar_links.digest)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
