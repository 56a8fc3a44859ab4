-- $1 id, $2 expected, $3 owner
WITH the_list AS
(SELECT lists.id AS id, lists.version AS version
FROM lists
WHERE lists.uid = $1::UUID AND lists.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR lists.version = any($2::BIGINT[])) AND lists.owner_id = $3::VARCHAR),
remaining AS
(SELECT (SELECT count(*) AS count_1
FROM tasks
WHERE tasks.list_id = (SELECT the_list.id
FROM the_list) AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR) AS "left"),
gone AS
(UPDATE lists SET name='deleted', color=NULL, version=CAST(current_setting('app.version') AS BIGINT), deleted_at=now() FROM the_list, remaining WHERE lists.id = the_list.id AND remaining."left" = 0 AND lists.owner_id = $3::VARCHAR RETURNING lists.id),
made AS
(SELECT the_list.id AS id, CASE WHEN (remaining."left" = 0) THEN '' ELSE concat('{"left": ', remaining."left", '}') END AS json, the_list.version AS version
FROM the_list, remaining
WHERE remaining."left" = 0)
 SELECT made.id, made.json, made.version
FROM made
