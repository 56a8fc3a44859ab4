-- $1 id, $2 owner, $3 expected
WITH done AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=now() WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (done.id IS NOT NULL) THEN '{"op": "delete", "status": 204}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END), true)) AS length_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
