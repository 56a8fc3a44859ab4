-- $1 id, $2 trash_days, $3 owner
WITH restored AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, deleted_at=NULL WHERE tasks.id = $1::BIGINT AND tasks.deleted_at > now() - make_interval(0, 0, 0, $2::INTEGER) AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid)
 SELECT restored.id, row_to_json(restored) AS json, restored.version
FROM restored
