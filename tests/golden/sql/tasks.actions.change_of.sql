-- title
-- $1 title, $2 title_words, $3 title_unspaced, $4 id, $5 expected, $6 owner
UPDATE tasks SET title=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, title_words=$2, title_unspaced=$3::VARCHAR WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $6::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- title, by_uid
-- $1 title, $2 title_words, $3 title_unspaced, $4 id, $5 expected, $6 owner
UPDATE tasks SET title=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, title_words=$2, title_unspaced=$3::VARCHAR WHERE tasks.uid = $4::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $6::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- description
-- $1 description, $2 description_words, $3 description_unspaced, $4 id, $5 expected, $6 owner
UPDATE tasks SET description=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, description_words=$2, description_unspaced=$3::VARCHAR WHERE tasks.id = $4::BIGINT AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $6::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- description, by_uid
-- $1 description, $2 description_words, $3 description_unspaced, $4 id, $5 expected, $6 owner
UPDATE tasks SET description=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, description_words=$2, description_unspaced=$3::VARCHAR WHERE tasks.uid = $4::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($5::BIGINT[] IS NULL OR tasks.version = any($5::BIGINT[])) AND tasks.owner_id = $6::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- status
-- $1 status, $2 id, $3 expected, $4 owner
UPDATE tasks SET status=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=CASE WHEN ($1::VARCHAR = 'Done') THEN tasks.completed_at END WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- status, by_uid
-- $1 status, $2 id, $3 expected, $4 owner
UPDATE tasks SET status=$1::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=CASE WHEN ($1::VARCHAR = 'Done') THEN tasks.completed_at END WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- priority
-- $1 priority, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=$1::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- priority, by_uid
-- $1 priority, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), priority=$1::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- due_on
-- $1 due_on, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_on=$1::DATE, marked_done_at=tasks.completed_at WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- due_on, by_uid
-- $1 due_on, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_on=$1::DATE, marked_done_at=tasks.completed_at WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- due_at
-- $1 due_at, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_at=$1::TIMESTAMP WITH TIME ZONE, marked_done_at=tasks.completed_at WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- due_at, by_uid
-- $1 due_at, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_at=$1::TIMESTAMP WITH TIME ZONE, marked_done_at=tasks.completed_at WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- time_zone
-- $1 time_zone, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), time_zone=$1::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- time_zone, by_uid
-- $1 time_zone, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), time_zone=$1::VARCHAR, marked_done_at=tasks.completed_at WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- tags
-- $1 tags, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), tags=$1::TEXT[], marked_done_at=tasks.completed_at WHERE tasks.id = $2::BIGINT AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- tags, by_uid
-- $1 tags, $2 id, $3 expected, $4 owner
UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), tags=$1::TEXT[], marked_done_at=tasks.completed_at WHERE tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($3::BIGINT[] IS NULL OR tasks.version = any($3::BIGINT[])) AND tasks.owner_id = $4::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- title, status
-- $1 title, $2 status, $3 title_words, $4 title_unspaced, $5 id, $6 expected, $7 owner
UPDATE tasks SET title=$1::VARCHAR, status=$2::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=CASE WHEN ($2::VARCHAR = 'Done') THEN tasks.completed_at END, title_words=$3, title_unspaced=$4::VARCHAR WHERE tasks.id = $5::BIGINT AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $7::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version

-- title, status, by_uid
-- $1 title, $2 status, $3 title_words, $4 title_unspaced, $5 id, $6 expected, $7 owner
UPDATE tasks SET title=$1::VARCHAR, status=$2::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=CASE WHEN ($2::VARCHAR = 'Done') THEN tasks.completed_at END, title_words=$3, title_unspaced=$4::VARCHAR WHERE tasks.uid = $5::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($6::BIGINT[] IS NULL OR tasks.version = any($6::BIGINT[])) AND tasks.owner_id = $7::VARCHAR RETURNING tasks.id, (SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.version AS version, tasks.uid AS uid) AS shape) AS json, tasks.version
