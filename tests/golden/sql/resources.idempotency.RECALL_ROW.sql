-- $1 fingerprint, $2 key, $3 owner
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $3::VARCHAR)
 SELECT true AS anon_1, known.fingerprint = $1::VARCHAR AS anon_2, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
