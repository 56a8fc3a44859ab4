-- $1 owner, $2 rows (not kept by the server)
DELETE FROM alarms WHERE alarms.ctid = any(array((SELECT portion.ctid
FROM alarms AS portion
WHERE portion.owner_id = $1::VARCHAR ORDER BY portion.owner_id, portion.task_id
 LIMIT $2::INTEGER))) AND NOT (EXISTS (SELECT 1
FROM completions
WHERE completions.owner_id = $1::VARCHAR)) AND alarms.owner_id = $1::VARCHAR
