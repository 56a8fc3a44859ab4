-- $1 owner
SELECT count(*) AS count_1
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR
