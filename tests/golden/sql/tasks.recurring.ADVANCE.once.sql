-- $1 owner, $2 key, $3 fingerprint, $4 skipped, $5 status, $6 due_on, $7 due_at, $8 at, $9 occurrence_date, $10 id, $11 expected, $12 kind
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
task AS
(UPDATE tasks SET status=$5::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_on=$6::DATE, due_at=$7::TIMESTAMP WITH TIME ZONE, marked_done_at=CASE WHEN ($5::VARCHAR = 'Done') THEN least($8::TIMESTAMP WITH TIME ZONE, now()) END, occurrence=(tasks.occurrence + 1), occurrence_date=$9::VARCHAR, last_occurrence=(tasks.occurrence + 1) WHERE tasks.id = $10::BIGINT AND tasks.deleted_at IS NULL AND ($11::BIGINT[] IS NULL OR tasks.version = any($11::BIGINT[])) AND tasks.owner_id = $1::VARCHAR AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
before AS
(SELECT tasks.id AS id, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.due_on AS due_on, tasks.due_at AS due_at
FROM tasks
WHERE tasks.id = $10::BIGINT AND tasks.deleted_at IS NULL AND ($11::BIGINT[] IS NULL OR tasks.version = any($11::BIGINT[])) AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.owner_id = $1::VARCHAR),
completion AS
(INSERT INTO completions (owner_id, task_id, occurrence, occurrence_date, due_on, due_at, kind, completed_at, version) SELECT $1::VARCHAR AS anon_1, before.id AS id, before.occurrence AS occurrence, before.occurrence_date AS occurrence_date, before.due_on AS due_on, before.due_at AS due_at, $12::VARCHAR AS anon_4, least($8::TIMESTAMP WITH TIME ZONE, now()) AS least_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1
FROM before RETURNING completions.task_id, completions.occurrence, completions.occurrence_date, completions.kind, completions.completed_at),
made AS
(SELECT task.id AS id, json_build_object('task', row_to_json(task), 'completion', row_to_json(completion), 'skipped', CAST($4::INTEGER AS INTEGER)) AS json, task.version AS version
FROM task JOIN completion ON true),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer),
subtasks AS
(UPDATE tasks SET status='Todo', updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=NULL WHERE tasks.parent_id = (SELECT before.id
FROM before) AND tasks.deleted_at IS NULL AND tasks.status = 'Done' AND tasks.recurrence IS NULL AND (EXISTS (SELECT task.id
FROM task)) AND $5::VARCHAR != 'Done' AND tasks.owner_id = $1::VARCHAR RETURNING tasks.id)
 SELECT false AS anon_5, true AS anon_6, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_6, known.fingerprint = $3::VARCHAR AS anon_7, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
