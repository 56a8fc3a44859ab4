-- $1 id, $2 owner, $3 expected
WITH done AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=now() WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "delete", "status": 204}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
