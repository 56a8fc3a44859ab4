-- $1 owner, $2 trash_days, $3 before_at, $4 before_id, $5 limit
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, (SELECT lists.id
FROM lists
WHERE lists.id = tasks.list_id AND lists.deleted_at IS NULL AND lists.owner_id = $1::VARCHAR) AS list_id, (SELECT parent.id
FROM tasks AS parent
WHERE parent.id = tasks.parent_id AND (parent.deleted_at IS NULL OR parent.deleted_at > now() - make_interval(0, 0, 0, $2::INTEGER)) AND parent.owner_id = $1::VARCHAR) AS parent_id, tasks.position AS position, tasks.deleted_at AS deleted_at
FROM tasks
WHERE tasks.deleted_at > now() - make_interval(0, 0, 0, $2::INTEGER) AND (tasks.deleted_at, tasks.id) < ($3::TIMESTAMP WITH TIME ZONE, $4::BIGINT) AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.deleted_at DESC, tasks.id DESC
 LIMIT $5::INTEGER + 1),
page AS
(SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position, ahead.deleted_at AS deleted_at
FROM ahead ORDER BY ahead.deleted_at DESC, ahead.id DESC
 LIMIT $5::INTEGER)
 SELECT (SELECT json_agg(row_to_json(page) ORDER BY page.deleted_at DESC, page.id DESC) AS json_agg_1
FROM page) AS anon_1, (SELECT CAST(EXTRACT(epoch FROM last.deleted_at) * 1000000 AS BIGINT) AS anon_3
FROM (SELECT page.deleted_at AS deleted_at, page.id AS id
FROM page ORDER BY page.deleted_at, page.id
 LIMIT 1) AS last) AS anon_2, (SELECT last.id
FROM (SELECT page.deleted_at AS deleted_at, page.id AS id
FROM page ORDER BY page.deleted_at, page.id
 LIMIT 1) AS last) AS anon_4, (SELECT count(*) > $5::INTEGER AS anon_6
FROM ahead) AS anon_5
