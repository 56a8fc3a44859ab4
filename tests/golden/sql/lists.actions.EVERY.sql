-- $1 owner
SELECT coalesce(json_agg(row_to_json(live) ORDER BY live.position, live.id), '[]'::json) AS coalesce_1
FROM (SELECT lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version
FROM lists
WHERE lists.deleted_at IS NULL AND lists.owner_id = $1::VARCHAR) AS live
