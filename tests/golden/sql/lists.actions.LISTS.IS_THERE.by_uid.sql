-- $1 id, $2 owner
SELECT 1
FROM lists
WHERE lists.uid = $1::UUID AND lists.deleted_at IS NULL AND lists.owner_id = $2::VARCHAR
