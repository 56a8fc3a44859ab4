-- $1 id, $2 owner
SELECT tasks.version, tasks.status, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.last_occurrence, tasks.series_start, tasks.series_first
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR
