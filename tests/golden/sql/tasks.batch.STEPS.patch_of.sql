-- title
-- $1 id, $2 owner, $3 title, $4 title_words, $5 title_unspaced, $6 expected
WITH done AS
(UPDATE tasks SET title=$3::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, title_words=$4, title_unspaced=$5::VARCHAR WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- title, by_uid
-- $1 id, $2 owner, $3 title, $4 title_words, $5 title_unspaced, $6 expected
WITH done AS
(UPDATE tasks SET title=$3::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, title_words=$4, title_unspaced=$5::VARCHAR WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- description
-- $1 id, $2 owner, $3 description, $4 description_words, $5 description_unspaced, $6 expected
WITH done AS
(UPDATE tasks SET description=$3::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, description_words=$4, description_unspaced=$5::VARCHAR WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- description, by_uid
-- $1 id, $2 owner, $3 description, $4 description_words, $5 description_unspaced, $6 expected
WITH done AS
(UPDATE tasks SET description=$3::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, description_words=$4, description_unspaced=$5::VARCHAR WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- status
-- $1 id, $2 owner, $3 status, $4 expected
WITH done AS
(UPDATE tasks SET status=$3::VARCHAR, updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND ($3::VARCHAR = 'Done') != (tasks.status = 'Done')) THEN CAST(refuse('TW491') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=CASE WHEN ($3::VARCHAR = 'Done') THEN tasks.completed_at END WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- status, by_uid
-- $1 id, $2 owner, $3 status, $4 expected
WITH done AS
(UPDATE tasks SET status=$3::VARCHAR, updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND ($3::VARCHAR = 'Done') != (tasks.status = 'Done')) THEN CAST(refuse('TW491') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=CASE WHEN ($3::VARCHAR = 'Done') THEN tasks.completed_at END WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- priority
-- $1 id, $2 owner, $3 priority, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=$3::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- priority, by_uid
-- $1 id, $2 owner, $3 priority, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=$3::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- due_on
-- $1 id, $2 owner, $3 due_on, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND CASE WHEN (length(tasks.occurrence_date) = 10) THEN $3::DATE IS NULL ELSE tasks.due_at IS NULL END) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, due_on=$3::DATE, marked_done_at=tasks.completed_at WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- due_on, by_uid
-- $1 id, $2 owner, $3 due_on, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND CASE WHEN (length(tasks.occurrence_date) = 10) THEN $3::DATE IS NULL ELSE tasks.due_at IS NULL END) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, due_on=$3::DATE, marked_done_at=tasks.completed_at WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- due_at
-- $1 id, $2 owner, $3 due_at, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND CASE WHEN (length(tasks.occurrence_date) = 10) THEN tasks.due_on IS NULL ELSE $3::TIMESTAMP WITH TIME ZONE IS NULL END) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, due_at=$3::TIMESTAMP WITH TIME ZONE, marked_done_at=tasks.completed_at WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- due_at, by_uid
-- $1 id, $2 owner, $3 due_at, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND CASE WHEN (length(tasks.occurrence_date) = 10) THEN tasks.due_on IS NULL ELSE $3::TIMESTAMP WITH TIME ZONE IS NULL END) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, due_at=$3::TIMESTAMP WITH TIME ZONE, marked_done_at=tasks.completed_at WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- time_zone
-- $1 id, $2 owner, $3 time_zone, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND $3::VARCHAR IS DISTINCT FROM tasks.time_zone) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, time_zone=$3::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- time_zone, by_uid
-- $1 id, $2 owner, $3 time_zone, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND $3::VARCHAR IS DISTINCT FROM tasks.time_zone) THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, time_zone=$3::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- tags
-- $1 id, $2 owner, $3 tags, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), tags=$3::TEXT[], marked_done_at=tasks.completed_at WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- tags, by_uid
-- $1 id, $2 owner, $3 tags, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), tags=$3::TEXT[], marked_done_at=tasks.completed_at WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- recurrence
-- $1 id, $2 owner, $3 recurrence, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, recurrence=$3::VARCHAR, occurrence=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.occurrence END, occurrence_date=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.occurrence_date END, series_start=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.series_start END, series_first=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.series_first END WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- recurrence, by_uid
-- $1 id, $2 owner, $3 recurrence, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, recurrence=$3::VARCHAR, occurrence=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.occurrence END, occurrence_date=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.occurrence_date END, series_start=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.series_start END, series_first=CASE WHEN ($3::VARCHAR IS NOT NULL) THEN tasks.series_first END WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- recurrence_anchor
-- $1 id, $2 owner, $3 recurrence_anchor, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN ($3::VARCHAR = 'completion' AND tasks.recurrence LIKE '%;BY%') THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=tasks.completed_at, recurrence_anchor=$3::VARCHAR WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- recurrence_anchor, by_uid
-- $1 id, $2 owner, $3 recurrence_anchor, $4 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CASE WHEN ($3::VARCHAR = 'completion' AND tasks.recurrence LIKE '%;BY%') THEN CAST(refuse('TW303') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=tasks.completed_at, recurrence_anchor=$3::VARCHAR WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($4::BIGINT[] IS NULL OR tasks.version = any($4::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- reminders
-- $1 id, $2 owner, $3 need_instant, $4 reminders, $5 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, reminders=CASE WHEN ($3 AND tasks.due_at IS NULL) THEN CAST(refuse('TW492') AS JSONB) ELSE $4::JSONB END WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- reminders, by_uid
-- $1 id, $2 owner, $3 need_instant, $4 reminders, $5 expected
WITH done AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, reminders=CASE WHEN ($3 AND tasks.due_at IS NULL) THEN CAST(refuse('TW492') AS JSONB) ELSE $4::JSONB END WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- title, status
-- $1 id, $2 owner, $3 title, $4 status, $5 title_words, $6 title_unspaced, $7 expected
WITH done AS
(UPDATE tasks SET title=$3::VARCHAR, status=$4::VARCHAR, updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND ($4::VARCHAR = 'Done') != (tasks.status = 'Done')) THEN CAST(refuse('TW491') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=CASE WHEN ($4::VARCHAR = 'Done') THEN tasks.completed_at END, title_words=$5, title_unspaced=$6::VARCHAR WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND ($7::BIGINT[] IS NULL OR tasks.version = any($7::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = $1::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true

-- title, status, by_uid
-- $1 id, $2 owner, $3 title, $4 status, $5 title_words, $6 title_unspaced, $7 expected
WITH done AS
(UPDATE tasks SET title=$3::VARCHAR, status=$4::VARCHAR, updated_at=now(), version=CASE WHEN (tasks.recurrence IS NOT NULL AND ($4::VARCHAR = 'Done') != (tasks.status = 'Done')) THEN CAST(refuse('TW491') AS BIGINT) ELSE CAST(current_setting('app.version') AS BIGINT) END, marked_done_at=CASE WHEN ($4::VARCHAR = 'Done') THEN tasks.completed_at END, title_words=$5, title_unspaced=$6::VARCHAR WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($7::BIGINT[] IS NULL OR tasks.version = any($7::BIGINT[])) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position)
 SELECT CASE WHEN (done.id IS NOT NULL) THEN '{"op": "patch", "status": 200, "task": ' || CAST(row_to_json(done) AS TEXT) || '}' WHEN (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND tasks.owner_id = $2::VARCHAR)) THEN refuse('TW412') ELSE refuse('TW404') END AS anon_1
FROM (SELECT 1) AS one LEFT OUTER JOIN done ON true
