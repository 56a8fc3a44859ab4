-- $1 id, $2 owner, $3 title, $4 description, $5 status, $6 priority, $7 due_on, $8 due_at, $9 time_zone, $10 tags, $11 title_words, $12 description_words, $13 expected
WITH done AS
(UPDATE tasks SET title=$3::VARCHAR, description=$4::VARCHAR, status=$5::VARCHAR, updated_at=now(), version=(SELECT owner.version
FROM owner
WHERE owner.owner_id = $2::VARCHAR), priority=$6::VARCHAR, due_on=$7::DATE, due_at=$8::TIMESTAMP WITH TIME ZONE, time_zone=$9::VARCHAR, tags=$10::TEXT[], marked_done_at=CASE WHEN ($5::VARCHAR = 'Done') THEN coalesce(tasks.completed_at, now()) END, title_words=array_to_tsvector($11::TEXT[]), description_words=array_to_tsvector($12::TEXT[]) WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($13::BIGINT[] IS NULL OR tasks.version = any($13::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR) AS anon_1, done.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT done.id AS id, done.title AS title, done.description AS description, done.status AS status, done.created_at AS created_at, done.updated_at AS updated_at, done.priority AS priority, done.due_on AS due_on, done.due_at AS due_at, done.time_zone AS time_zone, done.tags AS tags, done.completed_at AS completed_at, done.version AS version) AS shape) AS json, done.version
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
