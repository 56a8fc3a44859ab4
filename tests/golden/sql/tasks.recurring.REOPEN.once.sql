-- $1 owner, $2 key, $3 fingerprint, $4 id, $5 expected, $6 occurrence
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
latest AS
(SELECT completions.owner_id AS owner_id, completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at, completions.due_on AS due_on, completions.due_at AS due_at, completions.taken_back_at AS taken_back_at, completions.version AS version
FROM completions
WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.id = $4::BIGINT AND named.owner_id = $1::VARCHAR) AND completions.taken_back_at IS NULL AND completions.occurrence >= (SELECT tasks.series_first
FROM tasks
WHERE tasks.recurrence IS NOT NULL AND tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.owner_id = $1::VARCHAR) AND completions.owner_id = $1::VARCHAR ORDER BY completions.occurrence DESC
 LIMIT 1),
series AS
(UPDATE tasks SET status='Todo', updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_on=latest.due_on, due_at=latest.due_at, marked_done_at=NULL, occurrence=(tasks.occurrence + 1), occurrence_date=latest.occurrence_date, last_occurrence=(tasks.occurrence + 1) FROM latest WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $1::VARCHAR AND tasks.recurrence IS NOT NULL AND ($6::BIGINT IS NULL OR latest.occurrence = $6::BIGINT) AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
taken AS
(UPDATE completions SET taken_back_at=now(), version=CAST(current_setting('app.version') AS BIGINT) WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.id = $4::BIGINT AND named.owner_id = $1::VARCHAR) AND completions.occurrence IN (SELECT latest.occurrence
FROM latest) AND (EXISTS (SELECT series.id
FROM series)) AND completions.owner_id = $1::VARCHAR RETURNING completions.occurrence),
again AS
(UPDATE tasks SET status='Todo', updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=NULL WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $1::VARCHAR AND tasks.recurrence IS NULL AND $6::BIGINT IS NULL AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.status = 'Done' RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
reopened AS
(SELECT series.id AS id, series.title AS title, series.description AS description, series.status AS status, series.created_at AS created_at, series.updated_at AS updated_at, series.priority AS priority, series.due_on AS due_on, series.due_at AS due_at, series.time_zone AS time_zone, series.tags AS tags, series.completed_at AS completed_at, series.recurrence AS recurrence, series.recurrence_anchor AS recurrence_anchor, series.occurrence AS occurrence, series.occurrence_date AS occurrence_date, series.reminders AS reminders, series.version AS version, series.uid AS uid, series.list_id AS list_id, series.parent_id AS parent_id, series.position AS position
FROM series UNION ALL SELECT again.id AS id, again.title AS title, again.description AS description, again.status AS status, again.created_at AS created_at, again.updated_at AS updated_at, again.priority AS priority, again.due_on AS due_on, again.due_at AS due_at, again.time_zone AS time_zone, again.tags AS tags, again.completed_at AS completed_at, again.recurrence AS recurrence, again.recurrence_anchor AS recurrence_anchor, again.occurrence AS occurrence, again.occurrence_date AS occurrence_date, again.reminders AS reminders, again.version AS version, again.uid AS uid, again.list_id AS list_id, again.parent_id AS parent_id, again.position AS position
FROM again UNION ALL SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.recurrence IS NULL AND $6::BIGINT IS NULL AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.status != 'Done' AND tasks.owner_id = $1::VARCHAR),
made AS
(SELECT reopened.id AS id, row_to_json(reopened) AS json, reopened.version AS version
FROM reopened),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
