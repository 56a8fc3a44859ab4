-- $1 id, $2 owner, $3 occurrence
SELECT tasks.version, tasks.status, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.last_occurrence, tasks.series_start, tasks.series_first, tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position) AS shape) AS anon_1, (SELECT row_to_json(completion) AS row_to_json_2
FROM (SELECT completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at
FROM completions
WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.uid = $1::UUID AND named.erased_at IS NULL AND named.owner_id = $2::VARCHAR) AND completions.taken_back_at IS NULL AND completions.occurrence = $3::BIGINT AND completions.owner_id = $2::VARCHAR) AS completion) AS anon_2, CASE WHEN (tasks.recurrence IS NOT NULL AND tasks.recurrence_anchor = 'completion') THEN (SELECT count(*) AS count_1
FROM completions
WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.uid = $1::UUID AND named.erased_at IS NULL AND named.owner_id = $2::VARCHAR) AND completions.taken_back_at IS NULL AND completions.occurrence >= tasks.series_first AND completions.owner_id = $2::VARCHAR) END AS anon_3
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR
