-- $1 owner, $2 behind, $3 rows
SELECT (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.status AS status, tasks.reminders AS reminders, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.uid AS uid, tasks.title AS title, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date) AS shape) AS anon_1, alarms.memory
FROM tasks LEFT OUTER JOIN alarms ON alarms.owner_id = $1::VARCHAR AND alarms.task_id = tasks.id
WHERE tasks.id > $2::BIGINT AND tasks.deleted_at IS NULL AND tasks.reminders != '[]'::jsonb AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id
 LIMIT $3::INTEGER
