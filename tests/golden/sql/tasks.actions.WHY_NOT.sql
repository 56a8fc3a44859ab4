-- $1 parent_id, $2 parent_uid, $3 list_id, $4 list_uid, $5 owner
WITH asked AS
(SELECT CASE WHEN ($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) THEN the_parent.list_id ELSE the_list.id END AS list_id, the_parent.id AS parent_id, CASE WHEN (($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_list.id IS NULL) THEN 'TW422' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND the_parent.id IS NULL) THEN 'TW423' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND ($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_list.id IS DISTINCT FROM the_parent.list_id) THEN 'TW425' WHEN (the_parent.parent_id IS NOT NULL) THEN 'TW431' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = the_parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $5::VARCHAR
 LIMIT ALL OFFSET 499))) THEN 'TW432' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT list.id AS id
FROM lists AS list
WHERE list.id = $3::BIGINT AND list.deleted_at IS NULL AND list.owner_id = $5::VARCHAR UNION ALL SELECT list_by_uid.id AS id
FROM lists AS list_by_uid
WHERE list_by_uid.uid = $4::UUID AND list_by_uid.deleted_at IS NULL AND list_by_uid.owner_id = $5::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT parent.id AS id, parent.list_id AS list_id, parent.parent_id AS parent_id
FROM tasks AS parent
WHERE parent.id = $1::BIGINT AND parent.deleted_at IS NULL AND parent.owner_id = $5::VARCHAR UNION ALL SELECT parent_by_uid.id AS id, parent_by_uid.list_id AS list_id, parent_by_uid.parent_id AS parent_id
FROM tasks AS parent_by_uid
WHERE parent_by_uid.uid = $2::UUID AND parent_by_uid.erased_at IS NULL AND parent_by_uid.deleted_at IS NULL AND parent_by_uid.owner_id = $5::VARCHAR) AS the_parent ON true)
 SELECT asked.refusal
FROM asked
