-- $1 id, $2 owner, $3 expected
WITH there AS
(SELECT count(*) AS found
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR),
done AS
(UPDATE tasks SET version=(SELECT owner.version
FROM owner
WHERE owner.owner_id = $2::VARCHAR), deleted_at=now() WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (there.found = 0) THEN refuse('TW404') WHEN (done.id IS NULL) THEN refuse('TW412') ELSE '{"op": "delete", "status": 204}' END), true)) AS length_1
FROM there LEFT OUTER JOIN done ON true
