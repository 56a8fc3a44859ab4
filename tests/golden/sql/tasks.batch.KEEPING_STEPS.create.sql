-- $1 owner, $2 title, $3 description, $4 status, $5 priority, $6 due_on, $7 due_at, $8 time_zone, $9 tags, $10 completed_at, $11 title_words, $12 description_words
WITH created AS
(INSERT INTO tasks (owner_id, title, description, status, version, priority, due_on, due_at, time_zone, tags, marked_done_at, title_words, description_words) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, (SELECT owner.version
FROM owner
WHERE owner.owner_id = $1::VARCHAR), $5::VARCHAR, $6::DATE, $7::TIMESTAMP WITH TIME ZONE, $8::VARCHAR, $9::TEXT[], CASE WHEN ($4::VARCHAR = 'Done') THEN least($10::TIMESTAMP WITH TIME ZONE, now()) END, array_to_tsvector($11::TEXT[]), array_to_tsvector($12::TEXT[])) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), '{"op": "create", "status": 201, "task": ' || CAST((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT created.id AS id, created.title AS title, created.description AS description, created.status AS status, created.created_at AS created_at, created.updated_at AS updated_at, created.priority AS priority, created.due_on AS due_on, created.due_at AS due_at, created.time_zone AS time_zone, created.tags AS tags, created.completed_at AS completed_at, created.version AS version) AS shape) AS TEXT) || '}'), true)) AS length_1
FROM created
