-- $1 owner, $2 rows (not kept by the server)
DELETE FROM calendar_links WHERE calendar_links.ctid = any(array((SELECT portion.ctid
FROM calendar_links AS portion
WHERE portion.owner_id = $1::VARCHAR ORDER BY portion.owner_id
 LIMIT $2::INTEGER))) AND NOT (EXISTS (SELECT 1
FROM completions
WHERE completions.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM alarms
WHERE alarms.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM tasks
WHERE tasks.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM lists
WHERE lists.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM idempotency_keys
WHERE idempotency_keys.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM delivery
WHERE delivery.owner_id = $1::VARCHAR)) AND calendar_links.owner_id = $1::VARCHAR
