-- $1 id, $2 owner
DELETE FROM tasks WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NOT NULL AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, '' AS json, tasks.version
