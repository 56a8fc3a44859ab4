-- $1 id, $2 owner
SELECT 1
FROM lists
WHERE lists.id = $1::BIGINT AND lists.deleted_at IS NULL AND lists.owner_id = $2::VARCHAR
