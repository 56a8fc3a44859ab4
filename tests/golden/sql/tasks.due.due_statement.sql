-- $1 now, $2 today, $3 owner, $4 most, $5 bytes, $6 known (not kept by the server)
WITH ranked AS
(SELECT near.id AS id, near.due AS due, row_number() OVER (ORDER BY abs(EXTRACT(epoch FROM near.due - $1::TIMESTAMP WITH TIME ZONE)), near.id) AS place, sum(near.length) OVER (ORDER BY abs(EXTRACT(epoch FROM near.due - $1::TIMESTAMP WITH TIME ZONE)), near.id) AS bytes
FROM ((SELECT tasks.id AS id, timezone('UTC', CAST(tasks.due_on AS TIMESTAMP WITHOUT TIME ZONE)) AS due, octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0) AS length
FROM tasks
WHERE tasks.due_on >= $2::DATE AND tasks.deleted_at IS NULL AND tasks.status != 'Done' AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.due_on ASC, tasks.id ASC
 LIMIT $4::BIGINT) UNION ALL (SELECT tasks.id AS id, timezone('UTC', CAST(tasks.due_on AS TIMESTAMP WITHOUT TIME ZONE)) AS due, octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0) AS length
FROM tasks
WHERE tasks.due_on < $2::DATE AND tasks.deleted_at IS NULL AND tasks.status != 'Done' AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.due_on DESC, tasks.id DESC
 LIMIT $4::BIGINT) UNION ALL (SELECT tasks.id AS id, tasks.due_at AS due, octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0) AS length
FROM tasks
WHERE tasks.due_at >= $1::TIMESTAMP WITH TIME ZONE AND tasks.deleted_at IS NULL AND tasks.status != 'Done' AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.due_at ASC, tasks.id ASC
 LIMIT $4::BIGINT) UNION ALL (SELECT tasks.id AS id, tasks.due_at AS due, octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0) AS length
FROM tasks
WHERE tasks.due_at < $1::TIMESTAMP WITH TIME ZONE AND tasks.deleted_at IS NULL AND tasks.status != 'Done' AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.due_at DESC, tasks.id DESC
 LIMIT $4::BIGINT)) AS near)
 SELECT (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.uid AS uid, tasks.parent_id AS parent_id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.priority AS priority, tasks.tags AS tags, tasks.reminders AS reminders, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence_date AS occurrence_date, tasks.series_start AS series_start, tasks.created_at AS created_at, tasks.updated_at AS updated_at) AS shape) AS anon_1
FROM ranked JOIN tasks ON tasks.id = ranked.id
WHERE ranked.place <= $4::BIGINT AND ranked.bytes <= $5::BIGINT AND NOT (EXISTS (SELECT owner.version
FROM owner
WHERE owner.version = any($6::BIGINT[]) AND owner.owner_id = $3::VARCHAR)) AND tasks.owner_id = $3::VARCHAR ORDER BY ranked.due, ranked.id
