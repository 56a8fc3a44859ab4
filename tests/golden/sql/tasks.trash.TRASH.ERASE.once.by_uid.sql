-- $1 owner, $2 key, $3 fingerprint, $4 id, $5 trash_days
WITH known AS
(SELECT idempotency_keys.owner_id AS owner_id, idempotency_keys.key AS key, idempotency_keys.fingerprint AS fingerprint, idempotency_keys.row_id AS row_id, idempotency_keys.task_id AS task_id, idempotency_keys.answer AS answer, idempotency_keys.version AS version, idempotency_keys.created_at AS created_at
FROM idempotency_keys
WHERE idempotency_keys.key = $2::VARCHAR AND idempotency_keys.created_at > now() - interval '24 hours' AND idempotency_keys.owner_id = $1::VARCHAR),
erased AS
(UPDATE tasks SET title='erased', description=NULL, status='Todo', updated_at=NULL, priority=NULL, due_on=NULL, due_at=NULL, time_zone=NULL, tags='{}', marked_done_at=NULL, recurrence=NULL, recurrence_anchor='due', occurrence=NULL, occurrence_date=NULL, last_occurrence=NULL, series_start=NULL, series_first=NULL, reminders='[]', deleted_at='-infinity'::timestamptz, title_words='', description_words='', title_unspaced=NULL, description_unspaced=NULL, list_id=NULL, parent_id=NULL, erased_at=now() WHERE tasks.owner_id = $1::VARCHAR AND tasks.uid = $4::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at > now() - make_interval(0, 0, 0, $5::INTEGER) AND NOT (EXISTS (SELECT known.key
FROM known)) RETURNING tasks.id, '' AS json, tasks.version),
remembered AS
(INSERT INTO idempotency_keys (owner_id, key, fingerprint, answer, row_id, task_id, version) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, CAST(erased.json AS TEXT) AS answer, erased.id AS id, erased.id AS for_0_1, erased.version AS version
FROM erased ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, row_id = excluded.row_id, task_id = excluded.task_id, answer = excluded.answer, version = excluded.version, created_at = excluded.created_at RETURNING idempotency_keys.answer),
completions AS
(DELETE FROM completions WHERE completions.task_id IN (SELECT erased.id
FROM erased) AND completions.owner_id = $1::VARCHAR RETURNING completions.task_id),
alarms AS
(DELETE FROM alarms WHERE alarms.task_id IN (SELECT erased.id
FROM erased) AND alarms.owner_id = $1::VARCHAR RETURNING alarms.task_id)
 SELECT false AS anon_4, true AS anon_5, erased.id, CAST(erased.json AS TEXT) AS json, erased.version
FROM erased UNION ALL SELECT true AS anon_5, known.fingerprint = $3::VARCHAR AS anon_6, coalesce(known.row_id, known.task_id) AS coalesce_1, known.answer, known.version
FROM known
