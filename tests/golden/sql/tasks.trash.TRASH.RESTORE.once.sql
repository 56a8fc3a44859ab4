-- $1 owner, $2 key, $3 fingerprint, $4 id, $5 trash_days
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
trashed AS
(SELECT tasks.owner_id AS owner_id, tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.version AS version, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.marked_done_at AS marked_done_at, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.last_occurrence AS last_occurrence, tasks.series_start AS series_start, tasks.series_first AS series_first, tasks.reminders AS reminders, tasks.deleted_at AS deleted_at, tasks.title_words AS title_words, tasks.description_words AS description_words, tasks.title_unspaced AS title_unspaced, tasks.description_unspaced AS description_unspaced, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.erased_at AS erased_at
FROM tasks
WHERE tasks.id = $4::BIGINT AND tasks.deleted_at > now() - make_interval(0, 0, 0, $5::INTEGER) AND NOT (EXISTS (SELECT known.key
FROM known)) AND tasks.owner_id = $1::VARCHAR),
task AS
(SELECT trashed.id AS id, CASE WHEN (home.id IS NOT NULL) THEN home.list_id ELSE (SELECT lists.id
FROM lists
WHERE lists.id = trashed.list_id AND lists.deleted_at IS NULL AND lists.owner_id = $1::VARCHAR) END AS list_id, home.id AS parent_id, trashed.deleted_at AS deleted_at
FROM trashed LEFT OUTER JOIN LATERAL (SELECT parent.id AS id, parent.list_id AS list_id
FROM tasks AS parent
WHERE parent.id = trashed.parent_id AND parent.deleted_at IS NULL AND parent.parent_id IS NULL AND NOT (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $1::VARCHAR
 LIMIT ALL OFFSET 499)) AND parent.owner_id = $1::VARCHAR) AS home ON true),
family AS
(SELECT task.id AS id, task.list_id AS list_id, task.parent_id AS parent_id
FROM task UNION ALL SELECT subtask.id AS id, task.list_id AS list_id, subtask.parent_id AS parent_id
FROM tasks AS subtask, task
WHERE subtask.parent_id = task.id AND subtask.deleted_at = task.deleted_at AND subtask.owner_id = $1::VARCHAR),
told_again AS
(UPDATE completions SET version=CAST(current_setting('app.version') AS BIGINT) FROM family WHERE completions.task_id = family.id AND completions.owner_id = $1::VARCHAR RETURNING completions.occurrence),
written AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, deleted_at=NULL, list_id=family.list_id, parent_id=family.parent_id FROM family WHERE tasks.id = family.id AND tasks.owner_id = $1::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
restored AS
(SELECT written.id AS id, written.title AS title, written.description AS description, written.status AS status, written.created_at AS created_at, written.updated_at AS updated_at, written.priority AS priority, written.due_on AS due_on, written.due_at AS due_at, written.time_zone AS time_zone, written.tags AS tags, written.completed_at AS completed_at, written.recurrence AS recurrence, written.recurrence_anchor AS recurrence_anchor, written.occurrence AS occurrence, written.occurrence_date AS occurrence_date, written.reminders AS reminders, written.version AS version, written.uid AS uid, written.list_id AS list_id, written.parent_id AS parent_id, written.position AS position
FROM written
WHERE written.id = (SELECT task.id
FROM task)),
made AS
(SELECT restored.id AS id, row_to_json(restored) AS json, restored.version AS version
FROM restored),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer)
 SELECT false AS anon_4, true AS anon_5, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
