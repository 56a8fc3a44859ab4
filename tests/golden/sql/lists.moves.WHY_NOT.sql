-- $1 goes, $2 expected, $3 anchor_id, $4 anchor_uid, $5 id, $6 owner
WITH judged AS
(SELECT the_list.id AS id, the_list.position AS position, $1::VARCHAR AS goes, the_anchor.id AS anchor_id, the_anchor.position AS anchor_position, CASE WHEN (the_list.id IS NULL) THEN 'TW404' WHEN (NOT ($2::BIGINT[] IS NULL OR the_list.version = any($2::BIGINT[]))) THEN 'TW412' WHEN (($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_anchor.id IS NULL) THEN 'TW424' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT lists.owner_id AS owner_id, lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version, lists.deleted_at AS deleted_at
FROM lists
WHERE lists.id = $5::BIGINT AND lists.deleted_at IS NULL AND lists.owner_id = $6::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT anchor.id AS id, anchor.position AS position
FROM lists AS anchor
WHERE anchor.id = $3::BIGINT AND anchor.deleted_at IS NULL AND anchor.owner_id = $6::VARCHAR UNION ALL SELECT anchor_by_uid.id AS id, anchor_by_uid.position AS position
FROM lists AS anchor_by_uid
WHERE anchor_by_uid.uid = $4::UUID AND anchor_by_uid.deleted_at IS NULL AND anchor_by_uid.owner_id = $6::VARCHAR) AS the_anchor ON true)
 SELECT judged.refusal
FROM judged
