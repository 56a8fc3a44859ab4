-- $1 owner
SELECT alarms.task_id, alarms.memory, alarms.reminder, now() AS now_1, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.status AS status, tasks.reminders AS reminders, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.uid AS uid, tasks.title AS title, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date) AS shape) AS anon_1, tasks.deleted_at IS NULL AS anon_2
FROM alarms JOIN tasks ON alarms.task_id = tasks.id
WHERE alarms.remind_at <= now() AND alarms.owner_id = $1::VARCHAR AND tasks.owner_id = $1::VARCHAR ORDER BY alarms.remind_at, alarms.task_id
 LIMIT 2
