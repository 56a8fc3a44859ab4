-- $1 at, $2 id, $3 expected, $4 owner
WITH done AS
(UPDATE tasks SET status='Done', updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=least($1::TIMESTAMP WITH TIME ZONE, now()) WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR AND tasks.recurrence IS NULL AND tasks.status != 'Done' RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT done.id, json_build_object('task', row_to_json(done), 'completion', CAST(NULL AS JSON), 'skipped', 0) AS json, done.version
FROM done
