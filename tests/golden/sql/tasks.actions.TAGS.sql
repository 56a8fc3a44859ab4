-- $1 owner
SELECT json_agg(found.tag ORDER BY found.tag COLLATE "C") AS json_agg_1
FROM (SELECT DISTINCT unnest(tasks.tags) AS tag
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR) AS found
