-- $1 ids, $2 uids, $3 owner
SELECT tasks.id, tasks.uid, tasks.version, tasks.status, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.last_occurrence, tasks.series_start, tasks.series_first
FROM tasks
WHERE (tasks.id = any($1::BIGINT[]) OR tasks.uid = any($2::UUID[]) AND tasks.erased_at IS NULL) AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR
