-- $1 version, $2 owner, $3 kind, $4 id, $5 part, $6 limit
WITH clock AS
(SELECT owner.version AS version, coalesce($1::BIGINT, owner.news_since) AS since
FROM owner
WHERE owner.owner_id = $2::VARCHAR),
ahead AS
(SELECT ordered.version AS version, ordered.kind AS kind, ordered.id AS id, ordered.part AS part, ordered.length AS length, row_number() OVER (ORDER BY ordered.version, ordered.kind, ordered.id, ordered.part) AS number, sum(ordered.length) OVER (ORDER BY ordered.version, ordered.kind, ordered.id, ordered.part) AS bytes
FROM (SELECT found.version AS version, found.kind AS kind, found.id AS id, found.part AS part, found.length AS length
FROM (SELECT of_list.version AS version, of_list.kind AS kind, of_list.id AS id, of_list.part AS part, of_list.length AS length
FROM (SELECT lists.version AS version, 1 AS kind, lists.id AS id, 0 AS part, 0 AS length
FROM lists
WHERE (SELECT clock.version
FROM clock) >= (SELECT clock.since
FROM clock) AND lists.version >= (SELECT clock.since
FROM clock) AND (lists.version, 1, lists.id, 0) > ((SELECT clock.since
FROM clock), $3::INTEGER, $4::BIGINT, $5::BIGINT) AND lists.owner_id = $2::VARCHAR ORDER BY lists.version, kind, id, part
 LIMIT $6::INTEGER + 1) AS of_list UNION ALL SELECT of_task.version AS version, of_task.kind AS kind, of_task.id AS id, of_task.part AS part, of_task.length AS length
FROM (SELECT tasks.version AS version, 2 AS kind, tasks.id AS id, 0 AS part, coalesce(octet_length(tasks.description), 0) AS length
FROM tasks
WHERE (SELECT clock.version
FROM clock) >= (SELECT clock.since
FROM clock) AND tasks.version >= (SELECT clock.since
FROM clock) AND (tasks.version, 2, tasks.id, 0) > ((SELECT clock.since
FROM clock), $3::INTEGER, $4::BIGINT, $5::BIGINT) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.version, kind, id, part
 LIMIT $6::INTEGER + 1) AS of_task UNION ALL SELECT of_completion.version AS version, of_completion.kind AS kind, of_completion.id AS id, of_completion.part AS part, of_completion.length AS length
FROM (SELECT completions.version AS version, 3 AS kind, completions.task_id AS id, completions.occurrence AS part, 0 AS length
FROM completions
WHERE (SELECT clock.version
FROM clock) >= (SELECT clock.since
FROM clock) AND completions.version >= (SELECT clock.since
FROM clock) AND (completions.version, 3, completions.task_id, completions.occurrence) > ((SELECT clock.since
FROM clock), $3::INTEGER, $4::BIGINT, $5::BIGINT) AND (SELECT tasks.id
FROM tasks
WHERE tasks.id = completions.task_id AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR) IS NOT NULL AND completions.owner_id = $2::VARCHAR ORDER BY completions.version, kind, id, part
 LIMIT $6::INTEGER + 1) AS of_completion) AS found ORDER BY found.version, found.kind, found.id, found.part
 LIMIT $6::INTEGER + 1) AS ordered),
rendered AS MATERIALIZED
(SELECT ahead.number AS number, concat_ws('.', ahead.version, ahead.kind, ahead.id, ahead.part) AS position, CAST(CASE WHEN (ahead.kind = 1) THEN (SELECT CASE WHEN (lists.deleted_at IS NULL) THEN json_build_object('kind', 'list', 'op', 'put', 'list', (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version) AS shape)) ELSE json_build_object('kind', 'list', 'op', 'remove', 'id', lists.id, 'uid', lists.uid) END AS anon_2
FROM lists
WHERE lists.id = ahead.id AND lists.owner_id = $2::VARCHAR) WHEN (ahead.kind = 2) THEN (SELECT CASE WHEN (tasks.deleted_at IS NULL) THEN json_build_object('kind', 'task', 'op', 'put', 'task', (SELECT row_to_json(shape) AS row_to_json_2
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position) AS shape)) ELSE json_build_object('kind', 'task', 'op', 'remove', 'id', tasks.id, 'uid', tasks.uid) END AS anon_3
FROM tasks
WHERE tasks.id = ahead.id AND tasks.owner_id = $2::VARCHAR) WHEN (ahead.kind = 3) THEN (SELECT CASE WHEN (completions.taken_back_at IS NULL) THEN json_build_object('kind', 'completion', 'op', 'put', 'completion', (SELECT row_to_json(shape) AS row_to_json_3
FROM (SELECT completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at) AS shape)) ELSE json_build_object('kind', 'completion', 'op', 'remove', 'task_id', completions.task_id, 'occurrence', completions.occurrence) END AS anon_4
FROM completions
WHERE completions.task_id = ahead.id AND completions.occurrence = ahead.part AND completions.owner_id = $2::VARCHAR) END AS TEXT) AS change
FROM ahead
WHERE ahead.number <= $6::INTEGER AND ahead.bytes - ahead.length < 4194304),
page AS
(SELECT measured.number AS number, measured.position AS position, measured.change AS change, measured.bytes AS bytes
FROM (SELECT rendered.number AS number, rendered.position AS position, rendered.change AS change, sum(octet_length(rendered.change)) OVER (ORDER BY rendered.number) AS bytes
FROM rendered) AS measured
WHERE measured.bytes <= 4194304 OR measured.number = 1)
 SELECT clock.version, page.position, page.change, (SELECT count(*) AS count_1
FROM ahead) > (SELECT count(*) AS count_2
FROM page) AS anon_1
FROM clock LEFT OUTER JOIN page ON true ORDER BY page.number
