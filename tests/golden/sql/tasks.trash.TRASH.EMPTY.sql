-- $1 owner
DELETE FROM tasks WHERE tasks.deleted_at IS NOT NULL AND tasks.owner_id = $1::VARCHAR
