-- sort=created_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=created_at, time_zone=UTC, from a cursor on
-- $1 last_id, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id > $1::BIGINT AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-created_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-created_at, time_zone=UTC, from a cursor on
-- $1 last_id, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id < $1::BIGINT AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id DESC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id DESC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=updated_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.updated_at, 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=updated_at, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.updated_at, 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(tasks.updated_at, 'infinity'::timestamptz), tasks.id) > ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-updated_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.updated_at, '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-updated_at, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.updated_at, '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(tasks.updated_at, '-infinity'::timestamptz), tasks.id) < ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=completed_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.completed_at, 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=completed_at, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.completed_at, 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(tasks.completed_at, 'infinity'::timestamptz), tasks.id) > ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-completed_at, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.completed_at, '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-completed_at, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(tasks.completed_at, '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(tasks.completed_at, '-infinity'::timestamptz), tasks.id) < ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=due, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=due, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), 'infinity'::timestamptz), tasks.id) > ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=due, time_zone=Europe/Warsaw
-- $1 offsets, $2 days, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=due, time_zone=Europe/Warsaw, from a cursor on
-- $1 offsets, $2 days, $3 last_key, $4 last_id, $5 owner, $6 limit, $7 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), 'infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), 'infinity'::timestamptz), tasks.id) > ($3::TIMESTAMP WITH TIME ZONE, $4::BIGINT) AND tasks.owner_id = $5::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $6::INTEGER + 1 OFFSET $7::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $6::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $6::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-due, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-due, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999')), '-infinity'::timestamptz), tasks.id) < ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-due, time_zone=Europe/Warsaw
-- $1 offsets, $2 days, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-due, time_zone=Europe/Warsaw, from a cursor on
-- $1 offsets, $2 days, $3 last_key, $4 last_id, $5 owner, $6 limit, $7 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), '-infinity'::timestamptz) AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (coalesce(coalesce(tasks.due_at, timezone('UTC', tasks.due_on + time '23:59:59.999999') - ($1::INTEGER[])[width_bucket(CASE WHEN (((tasks.due_on + 1) - date '0001-01-01') + 1 < 766645 + 146097) THEN ((tasks.due_on + 1) - date '0001-01-01') + 1 ELSE 766645 + ((((tasks.due_on + 1) - date '0001-01-01') + 1) - 766645) % 146097 END, $2::INTEGER[])] * interval '1 second'), '-infinity'::timestamptz), tasks.id) < ($3::TIMESTAMP WITH TIME ZONE, $4::BIGINT) AND tasks.owner_id = $5::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $6::INTEGER + 1 OFFSET $7::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $6::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $6::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=priority, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 4 END AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=priority, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 4 END AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 4 END, tasks.id) > ($1::INTEGER, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-priority, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 0 END AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-priority, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 0 END AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (CASE WHEN (tasks.priority = 'high') THEN 1 WHEN (tasks.priority = 'medium') THEN 2 WHEN (tasks.priority = 'low') THEN 3 ELSE 0 END, tasks.id) < ($1::INTEGER, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=title, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.title COLLATE "C" AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=title, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.title COLLATE "C" AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.title COLLATE "C", tasks.id) > ($1::VARCHAR, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-title, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.title COLLATE "C" AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-title, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.title COLLATE "C" AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.title COLLATE "C", tasks.id) < ($1::VARCHAR, $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=position, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.position AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.list_id ASC, key ASC, tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=position, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.position AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.position, tasks.id) > ($1::VARCHAR COLLATE "C", $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.list_id ASC, key ASC, tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key ASC, ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key ASC, page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key DESC, page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-position, time_zone=UTC
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.position AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.list_id DESC, key DESC, tasks.id DESC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- sort=-position, time_zone=UTC, from a cursor on
-- $1 last_key, $2 last_id, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.position AS key
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.position, tasks.id) < ($1::VARCHAR COLLATE "C", $2::BIGINT) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.list_id DESC, key DESC, tasks.id DESC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.key AS key
FROM ahead ORDER BY ahead.key DESC, ahead.id DESC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.key DESC, page.id DESC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.key, page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.key ASC, page.id ASC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- inbox
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.list_id IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- list
-- $1 list_id, $2 list_uid, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.list_id = coalesce($1::BIGINT, (SELECT lists_1.id
FROM lists AS lists_1
WHERE lists_1.uid = $2::UUID AND lists_1.deleted_at IS NULL AND lists_1.owner_id = $3::VARCHAR)) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- lists
-- $1 lists, $2 list_uids, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.list_id = any($1::BIGINT[]) OR tasks.list_id IN (SELECT lists.id
FROM lists
WHERE lists.uid = any($2::UUID[]) AND lists.deleted_at IS NULL AND lists.owner_id = $3::VARCHAR)) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- lists_or_inbox
-- $1 lists, $2 list_uids, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.list_id IS NULL OR tasks.list_id = any($1::BIGINT[]) OR tasks.list_id IN (SELECT lists.id
FROM lists
WHERE lists.uid = any($2::UUID[]) AND lists.deleted_at IS NULL AND lists.owner_id = $3::VARCHAR)) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- parent
-- $1 parent_id, $2 parent_uid, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.parent_id = coalesce($1::BIGINT, (SELECT tasks_1.id
FROM tasks AS tasks_1
WHERE tasks_1.uid = $2::UUID AND tasks_1.erased_at IS NULL AND tasks_1.owner_id = $3::VARCHAR)) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- is_top_level
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.parent_id IS NULL AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- statuses
-- $1 statuses, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.status = any($1::TEXT[]) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- priorities
-- $1 priorities, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND coalesce(tasks.priority, 'none') = any($1::TEXT[]) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- tags
-- $1 tags, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.tags @> $1::TEXT[] AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- due_before
-- $1 last_day, $2 before, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.due_on <= $1::DATE OR tasks.due_at < $2::TIMESTAMP WITH TIME ZONE) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- due_after
-- $1 first_day, $2 since, $3 owner, $4 limit, $5 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND (tasks.due_on >= $1::DATE OR tasks.due_at >= $2::TIMESTAMP WITH TIME ZONE) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $4::INTEGER + 1 OFFSET $5::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $4::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $4::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- is_undone
-- $1 owner, $2 limit, $3 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.status != 'Done' AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.id ASC
 LIMIT $2::INTEGER + 1 OFFSET $3::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $2::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $2::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- words
-- $1 words, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND ((tasks.title_words || tasks.description_words) @@ all($1::TSQUERY[])) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- unspaced
-- $1 unspaced, $2 owner, $3 limit, $4 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND (concat(tasks.title_unspaced, tasks.description_unspaced) like all($1::TEXT[])) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.id ASC
 LIMIT $3::INTEGER + 1 OFFSET $4::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $3::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $3::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page

-- all filters
-- $1 list_id, $2 list_uid, $3 owner, $4 lists, $5 list_uids, $6 parent_id, $7 parent_uid, $8 statuses, $9 priorities, $10 tags, $11 last_day, $12 before, $13 first_day, $14 since, $15 words, $16 unspaced, $17 limit, $18 skip (not kept by the server)
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.list_id IS NULL AND tasks.list_id = coalesce($1::BIGINT, (SELECT lists_1.id
FROM lists AS lists_1
WHERE lists_1.uid = $2::UUID AND lists_1.deleted_at IS NULL AND lists_1.owner_id = $3::VARCHAR)) AND (tasks.list_id = any($4::BIGINT[]) OR tasks.list_id IN (SELECT lists.id
FROM lists
WHERE lists.uid = any($5::UUID[]) AND lists.deleted_at IS NULL AND lists.owner_id = $3::VARCHAR)) AND (tasks.list_id IS NULL OR tasks.list_id = any($4::BIGINT[]) OR tasks.list_id IN (SELECT lists.id
FROM lists
WHERE lists.uid = any($5::UUID[]) AND lists.deleted_at IS NULL AND lists.owner_id = $3::VARCHAR)) AND tasks.parent_id = coalesce($6::BIGINT, (SELECT tasks_1.id
FROM tasks AS tasks_1
WHERE tasks_1.uid = $7::UUID AND tasks_1.erased_at IS NULL AND tasks_1.owner_id = $3::VARCHAR)) AND tasks.parent_id IS NULL AND tasks.status = any($8::TEXT[]) AND coalesce(tasks.priority, 'none') = any($9::TEXT[]) AND tasks.tags @> $10::TEXT[] AND (tasks.due_on <= $11::DATE OR tasks.due_at < $12::TIMESTAMP WITH TIME ZONE) AND (tasks.due_on >= $13::DATE OR tasks.due_at >= $14::TIMESTAMP WITH TIME ZONE) AND tasks.status != 'Done' AND ((tasks.title_words || tasks.description_words) @@ all($15::TSQUERY[])) AND (concat(tasks.title_unspaced, tasks.description_unspaced) like all($16::TEXT[])) AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id ASC
 LIMIT $17::INTEGER + 1 OFFSET $18::INTEGER),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id ASC
 LIMIT $17::INTEGER)
 SELECT coalesce(json_agg((SELECT row_to_json(shape) AS row_to_json_1
FROM (SELECT page.id AS id, page.title AS title, page.description AS description, page.status AS status, page.created_at AS created_at, page.updated_at AS updated_at, page.priority AS priority, page.due_on AS due_on, page.due_at AS due_at, page.time_zone AS time_zone, page.tags AS tags, page.completed_at AS completed_at, page.recurrence AS recurrence, page.recurrence_anchor AS recurrence_anchor, page.occurrence AS occurrence, page.occurrence_date AS occurrence_date, page.reminders AS reminders, page.version AS version, page.uid AS uid, page.list_id AS list_id, page.parent_id AS parent_id, page.position AS position) AS shape) ORDER BY page.id ASC), '[]'::json) AS coalesce_1, (SELECT CAST(json_build_array(page.id) AS TEXT) AS json_build_array_1
FROM page ORDER BY page.id DESC
 LIMIT 1) AS anon_1, (SELECT count(*) > $17::INTEGER AS anon_3
FROM ahead) AS anon_2
FROM page
