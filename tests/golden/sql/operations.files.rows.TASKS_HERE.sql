-- $1 owner, $2 uids, $3 ids
SELECT tasks.id, tasks.uid, CAST(EXTRACT(epoch FROM tasks.created_at) * 1000000 AS BIGINT) AS anon_1, tasks.parent_id, tasks.deleted_at IS NOT NULL AS is_trashed, (SELECT count(*) AS count_1
FROM (SELECT subtask.id AS id
FROM tasks AS subtask
WHERE subtask.parent_id = tasks.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR) AS anon_3) AS anon_2, tasks.last_occurrence, tasks.position
FROM tasks
WHERE tasks.uid = any($2::UUID[]) AND tasks.erased_at IS NULL AND tasks.owner_id = $1::VARCHAR UNION ALL SELECT tasks.id, tasks.uid, CAST(EXTRACT(epoch FROM tasks.created_at) * 1000000 AS BIGINT) AS anon_1, tasks.parent_id, tasks.deleted_at IS NOT NULL AS is_trashed, (SELECT count(*) AS count_1
FROM (SELECT subtask.id AS id
FROM tasks AS subtask
WHERE subtask.parent_id = tasks.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR) AS anon_3) AS anon_2, tasks.last_occurrence, tasks.position
FROM tasks
WHERE tasks.id = any($3::BIGINT[]) AND tasks.uid IS NULL AND tasks.erased_at IS NULL AND tasks.owner_id = $1::VARCHAR
