-- $1 owner, $2 title, $3 description, $4 status, $5 priority, $6 due_on, $7 due_at, $8 time_zone, $9 tags, $10 completed_at, $11 title_words, $12 description_words
WITH created AS
(INSERT INTO tasks (owner_id, title, description, status, version, priority, due_on, due_at, time_zone, tags, marked_done_at, title_words, description_words) VALUES ($1::VARCHAR, $2::VARCHAR, $3::VARCHAR, $4::VARCHAR, CAST(current_setting('app.version') AS BIGINT), $5::VARCHAR, $6::DATE, $7::TIMESTAMP WITH TIME ZONE, $8::VARCHAR, $9::TEXT[], CASE WHEN ($4::VARCHAR = 'Done') THEN least($10::TIMESTAMP WITH TIME ZONE, now()) END, array_to_tsvector($11::TEXT[]), array_to_tsvector($12::TEXT[])) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.version)
 SELECT created.id, row_to_json(created) AS json, created.version
FROM created
