-- $1 id, $2 owner
SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.owner_id = $2::VARCHAR
