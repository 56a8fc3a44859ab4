-- $1 id, $2 expected, $3 owner
WITH the_list AS
(SELECT lists.id AS id, lists.version AS version
FROM lists
WHERE lists.uid = $1::UUID AND lists.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR lists.version = any($2::BIGINT[])) AND lists.owner_id = $3::VARCHAR),
sample AS
(SELECT head.id AS head, head.position AS of_head, family.id AS id, family.position AS position
FROM tasks AS head JOIN LATERAL (SELECT head.id AS id, head.position AS position UNION ALL SELECT subtask.id AS id, subtask.position AS position
FROM tasks AS subtask
WHERE subtask.parent_id = head.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $3::VARCHAR) AS family ON true
WHERE head.owner_id = $3::VARCHAR AND head.list_id = (SELECT the_list.id
FROM the_list) AND head.deleted_at IS NULL AND (head.parent_id IS NULL OR NOT (EXISTS (SELECT parent.id
FROM tasks AS parent
WHERE parent.id = head.parent_id AND parent.deleted_at IS NULL AND parent.owner_id = $3::VARCHAR))) ORDER BY head.position, head.id
 LIMIT 1000 + 1),
portion AS
(SELECT sample.id AS id, row_number() OVER (ORDER BY sample.position, sample.id) AS number
FROM sample
WHERE sample.head IS DISTINCT FROM (SELECT sample.head
FROM sample ORDER BY sample.of_head, sample.head
 LIMIT 1 OFFSET 1000)),
moved AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, list_id=NULL, position=('5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || lpad(CAST(portion.number AS TEXT), 4, '0') || '1') FROM portion WHERE tasks.id = portion.id AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id),
remaining AS
(SELECT (SELECT count(*) AS count_1
FROM tasks
WHERE tasks.list_id = (SELECT the_list.id
FROM the_list) AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR) - (SELECT count(*) AS count_2
FROM moved) AS "left"),
gone AS
(UPDATE lists SET name='deleted', color=NULL, version=CAST(current_setting('app.version') AS BIGINT), deleted_at=now() FROM the_list, remaining WHERE lists.id = the_list.id AND remaining."left" = 0 AND lists.owner_id = $3::VARCHAR RETURNING lists.id),
made AS
(SELECT the_list.id AS id, CASE WHEN (remaining."left" = 0) THEN '' ELSE concat('{"left": ', remaining."left", '}') END AS json, the_list.version AS version
FROM the_list, remaining)
 SELECT made.id, made.json, made.version
FROM made
