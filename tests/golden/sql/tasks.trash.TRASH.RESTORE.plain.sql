-- $1 owner, $2 id
WITH restored AS
(UPDATE tasks SET updated_at=now(), version=(SELECT owner.version
FROM owner
WHERE owner.owner_id = $1::VARCHAR), marked_done_at=tasks.completed_at, deleted_at=NULL WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NOT NULL AND tasks.owner_id = $1::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT restored.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT restored.id AS id, restored.title AS title, restored.description AS description, restored.status AS status, restored.created_at AS created_at, restored.updated_at AS updated_at, restored.priority AS priority, restored.due_on AS due_on, restored.due_at AS due_at, restored.time_zone AS time_zone, restored.tags AS tags, restored.completed_at AS completed_at, restored.version AS version) AS shape) AS json, restored.version
FROM restored
