-- $1 id, $2 owner
SELECT CASE WHEN ((SELECT count(*) AS count_1
FROM (SELECT tasks.id AS id, tasks.deleted_at AS deleted_at
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NOT NULL AND tasks.owner_id = $2::VARCHAR) AS task JOIN tasks AS subtask ON subtask.parent_id = task.id
WHERE subtask.deleted_at = task.deleted_at AND subtask.owner_id = $2::VARCHAR) >= 20) THEN refuse('TW413') END AS anon_1
