-- $1 owner, $2 key, $3 fingerprint, $4 id, $5 expected
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
the_list AS
(SELECT lists.id AS id, lists.version AS version
FROM lists
WHERE lists.uid = $4::UUID AND lists.deleted_at IS NULL AND NOT (EXISTS (SELECT known.key
FROM known)) AND ($5::BIGINT[] IS NULL OR lists.version = any($5::BIGINT[])) AND lists.owner_id = $1::VARCHAR),
sample AS
(SELECT head.id AS head, head.position AS of_head, family.id AS id, family.position AS position
FROM tasks AS head JOIN LATERAL (SELECT head.id AS id, head.position AS position UNION ALL SELECT subtask.id AS id, subtask.position AS position
FROM tasks AS subtask
WHERE subtask.parent_id = head.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR) AS family ON true
WHERE head.owner_id = $1::VARCHAR AND head.list_id = (SELECT the_list.id
FROM the_list) AND head.deleted_at IS NULL AND (head.parent_id IS NULL OR NOT (EXISTS (SELECT parent.id
FROM tasks AS parent
WHERE parent.id = head.parent_id AND parent.deleted_at IS NULL AND parent.owner_id = $1::VARCHAR))) ORDER BY head.position, head.id
 LIMIT 1000 + 1),
portion AS
(SELECT sample.id AS id, row_number() OVER (ORDER BY sample.position, sample.id) AS number
FROM sample
WHERE sample.head IS DISTINCT FROM (SELECT sample.head
FROM sample ORDER BY sample.of_head, sample.head
 LIMIT 1 OFFSET 1000)),
moved AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, list_id=NULL, position=('5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || lpad(CAST(portion.number AS TEXT), 4, '0') || '1') FROM portion WHERE tasks.id = portion.id AND tasks.owner_id = $1::VARCHAR RETURNING tasks.id),
remaining AS
(SELECT (SELECT count(*) AS count_1
FROM tasks
WHERE tasks.list_id = (SELECT the_list.id
FROM the_list) AND tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR) - (SELECT count(*) AS count_2
FROM moved) AS "left"),
made AS
(SELECT the_list.id AS id, CASE WHEN (remaining."left" = 0) THEN '' ELSE concat('{"left": ', remaining."left", '}') END AS json, the_list.version AS version
FROM the_list, remaining),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer),
gone AS
(UPDATE lists SET name='deleted', color=NULL, version=CAST(current_setting('app.version') AS BIGINT), deleted_at=now() FROM the_list, remaining WHERE lists.id = the_list.id AND remaining."left" = 0 AND lists.owner_id = $1::VARCHAR RETURNING lists.id)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
