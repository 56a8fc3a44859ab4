-- $1 id, $2 expected, $3 owner
SELECT kept.id, row_to_json(kept) AS json, kept.version
FROM (SELECT lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version
FROM lists
WHERE lists.uid = $1::UUID AND lists.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR lists.version = any($2::BIGINT[])) AND lists.owner_id = $3::VARCHAR) AS kept
