-- $1 owner, $2 rows (not kept by the server)
DELETE FROM completions WHERE completions.ctid = any(array((SELECT portion.ctid
FROM completions AS portion
WHERE portion.owner_id = $1::VARCHAR ORDER BY portion.owner_id, portion.task_id, portion.occurrence
 LIMIT $2::INTEGER))) AND completions.owner_id = $1::VARCHAR
