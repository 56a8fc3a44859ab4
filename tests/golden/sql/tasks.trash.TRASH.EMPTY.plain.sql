-- $1 owner
WITH emptied AS
(DELETE FROM tasks WHERE tasks.deleted_at IS NOT NULL AND tasks.owner_id = $1::VARCHAR RETURNING tasks.id)
 SELECT 1
