-- $1 id, $2 expected, $3 owner
WITH removed AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=clock_timestamp() WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR tasks.version = any($2::BIGINT[])) AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id, '' AS json, tasks.version, tasks.deleted_at),
taken_along AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT), deleted_at=removed.deleted_at FROM removed WHERE tasks.parent_id = removed.id AND tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id)
 SELECT removed.id, removed.json, removed.version
FROM removed
