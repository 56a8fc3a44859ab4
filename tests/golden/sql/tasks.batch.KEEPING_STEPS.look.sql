-- $1 id, $2 owner, $3 expected
WITH done AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END), true)) AS length_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
