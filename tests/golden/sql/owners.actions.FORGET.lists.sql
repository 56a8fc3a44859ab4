-- $1 owner, $2 rows (not kept by the server)
DELETE FROM lists WHERE lists.ctid = any(array((SELECT portion.ctid
FROM lists AS portion
WHERE portion.owner_id = $1::VARCHAR ORDER BY portion.owner_id, portion.id
 LIMIT $2::INTEGER))) AND NOT (EXISTS (SELECT 1
FROM completions
WHERE completions.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM alarms
WHERE alarms.owner_id = $1::VARCHAR)) AND NOT (EXISTS (SELECT 1
FROM tasks
WHERE tasks.owner_id = $1::VARCHAR)) AND lists.owner_id = $1::VARCHAR
