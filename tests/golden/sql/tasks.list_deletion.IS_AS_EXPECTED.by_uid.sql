-- $1 expected, $2 id, $3 owner
SELECT $1::BIGINT[] IS NULL OR lists.version = any($1::BIGINT[]) AS anon_1
FROM lists
WHERE lists.uid = $2::UUID AND lists.deleted_at IS NULL AND lists.owner_id = $3::VARCHAR
