-- $1 owner, $2 rows (not kept by the server)
DELETE FROM idempotency_keys WHERE idempotency_keys.ctid = any(array((SELECT portion.ctid
FROM idempotency_keys AS portion
WHERE portion.owner_id = $1::VARCHAR ORDER BY portion.owner_id, portion.key
 LIMIT $2::INTEGER))) AND NOT (EXISTS (SELECT 1
FROM completions
WHERE completions.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM alarms
WHERE alarms.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM tasks
WHERE tasks.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM lists
WHERE lists.owner_id = $1::VARCHAR)) AND idempotency_keys.owner_id = $1::VARCHAR
