-- $1 id, $2 owner, $3 expected
WITH there AS
(SELECT count(*) AS found
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR),
done AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (there.found = 0) THEN refuse('TW404') WHEN (done.id IS NULL) THEN refuse('TW412') ELSE '{"op": "patch", "status": 200, "task": ' || CAST((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT done.id AS id, done.title AS title, done.description AS description, done.status AS status, done.created_at AS created_at, done.updated_at AS updated_at, done.priority AS priority, done.due_on AS due_on, done.due_at AS due_at, done.time_zone AS time_zone, done.tags AS tags, done.completed_at AS completed_at, done.version AS version) AS shape) AS TEXT) || '}' END), true)) AS length_1
FROM there LEFT OUTER JOIN done ON true
