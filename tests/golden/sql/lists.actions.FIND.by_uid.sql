-- $1 id, $2 owner (may share a connection)
SELECT found.id, row_to_json(found) AS json, found.version
FROM (SELECT lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version
FROM lists
WHERE lists.uid = $1::UUID AND lists.deleted_at IS NULL AND lists.owner_id = $2::VARCHAR) AS found
