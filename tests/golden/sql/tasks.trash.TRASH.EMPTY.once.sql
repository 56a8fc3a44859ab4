-- $1 owner, $2 key, $3 fingerprint, $4 rows
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
emptied AS
(UPDATE tasks SET title='erased', description=NULL, status='Todo', updated_at=NULL, priority=NULL, due_on=NULL, due_at=NULL, time_zone=NULL, tags='{}', marked_done_at=NULL, recurrence=NULL, recurrence_anchor='due', occurrence=NULL, occurrence_date=NULL, last_occurrence=NULL, series_start=NULL, series_first=NULL, reminders='[]', deleted_at='-infinity'::timestamptz, title_words='', description_words='', title_unspaced=NULL, description_unspaced=NULL, list_id=NULL, parent_id=NULL, erased_at=now() WHERE tasks.owner_id = $1::VARCHAR AND tasks.id = any(array((SELECT tasks.id
FROM tasks
WHERE tasks.deleted_at > '-infinity'::timestamptz AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.deleted_at, tasks.id
 LIMIT $4::INTEGER))) AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id),
made AS
(SELECT CAST(NULL AS BIGINT) AS id, '' AS json, CAST(NULL AS BIGINT) AS version
WHERE NOT (EXISTS (SELECT known.key
FROM known)) AND (SELECT count(*) < $4::INTEGER AS anon_4
FROM emptied)),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(made.json AS TEXT) AS answer, made.id AS id, made.id AS for_0_1, made.version AS version
FROM made ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer),
completions AS
(DELETE FROM completions WHERE completions.task_id IN (SELECT emptied.id
FROM emptied) AND completions.owner_id = $1::VARCHAR RETURNING completions.task_id),
alarms AS
(DELETE FROM alarms WHERE alarms.task_id IN (SELECT emptied.id
FROM emptied) AND alarms.owner_id = $1::VARCHAR RETURNING alarms.task_id)
 SELECT false AS anon_5, true AS anon_6, made.id, CAST(made.json AS TEXT) AS json, made.version
FROM made UNION ALL SELECT true AS anon_6, known.fingerprint = $3::VARCHAR AS anon_7, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
