-- $1 owner, $2 key, $3 fingerprint, $4 id, $5 occurrence, $6 expected
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
kept AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.owner_id = $1::VARCHAR),
made AS
(SELECT kept.id AS id, json_build_object('task', row_to_json(kept), 'completion', (SELECT row_to_json(completion) AS row_to_json_1
FROM (SELECT completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at
FROM completions
WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.id = $4::BIGINT AND named.owner_id = $1::VARCHAR) AND completions.taken_back_at IS NULL AND completions.occurrence = $5::BIGINT AND completions.owner_id = $1::VARCHAR) AS completion), 'skipped', 0) AS json, kept.version AS version
FROM kept),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
