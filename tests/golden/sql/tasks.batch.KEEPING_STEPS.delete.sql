-- $1 id, $2 expected, $3 owner
WITH removed AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=clock_timestamp() WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR tasks.version = any($2::BIGINT[])) AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id, tasks.deleted_at),
taken_along AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=removed.deleted_at FROM removed WHERE tasks.parent_id = removed.id AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (removed.id IS NOT NULL) THEN '{"op": "delete", "status": 204}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END), true)) AS length_1
FROM (SELECT 1) AS one LEFT OUTER JOIN removed ON true
