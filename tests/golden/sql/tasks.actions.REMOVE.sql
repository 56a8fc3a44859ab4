-- $1 id, $2 owner, $3 expected
WITH done AS
(UPDATE tasks SET version=(SELECT owner.version
FROM owner
WHERE owner.owner_id = $2::VARCHAR), deleted_at=now() WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR) AS anon_1, done.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT done.id AS id, done.title AS title, done.description AS description, done.status AS status, done.created_at AS created_at, done.updated_at AS updated_at, done.priority AS priority, done.due_on AS due_on, done.due_at AS due_at, done.time_zone AS time_zone, done.tags AS tags, done.completed_at AS completed_at, done.version AS version) AS shape) AS json, done.version
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
