-- $1 trash_days, $2 owner
SELECT CAST((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at, completions.due_on AS due_on, completions.due_at AS due_at) AS shape) AS TEXT) AS anon_1, tasks.id, tasks.uid, CAST(EXTRACT(epoch FROM tasks.created_at) * 1000000 AS BIGINT) AS anon_2
FROM completions JOIN tasks ON tasks.owner_id = completions.owner_id AND tasks.id = completions.task_id AND (tasks.deleted_at IS NULL OR tasks.deleted_at > now() - make_interval(0, 0, 0, $1::INTEGER))
WHERE completions.taken_back_at IS NULL AND completions.owner_id = $2::VARCHAR ORDER BY completions.task_id, completions.occurrence
