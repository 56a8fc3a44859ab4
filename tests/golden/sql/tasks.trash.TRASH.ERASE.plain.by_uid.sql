-- $1 id, $2 owner
DELETE FROM tasks WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NOT NULL AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, '' AS json, tasks.version
