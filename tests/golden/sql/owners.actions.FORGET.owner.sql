-- $1 owner (not kept by the server)
DELETE FROM owner WHERE NOT (EXISTS (SELECT 1
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
WHERE delivery.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM calendar_links
WHERE calendar_links.owner_id = $1::VARCHAR)) AND owner.owner_id = $1::VARCHAR RETURNING owner.owner_id
