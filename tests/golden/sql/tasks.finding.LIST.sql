-- $1 limit, $2 after, $3 owner, $4 skip
WITH ahead AS
(SELECT tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.reminders AS reminders, tasks.version AS version, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id > $2::BIGINT AND tasks.owner_id = $3::VARCHAR ORDER BY tasks.id
 LIMIT $1::INTEGER + 1 OFFSET $4::INTEGER)
 SELECT coalesce(json_agg(row_to_json(page) ORDER BY page.id), '[]'::json) AS coalesce_1, max(page.id) AS max_1, (SELECT count(*) > $1::INTEGER AS anon_2
FROM ahead) AS anon_1
FROM (SELECT ahead.id AS id, ahead.title AS title, ahead.description AS description, ahead.status AS status, ahead.created_at AS created_at, ahead.updated_at AS updated_at, ahead.priority AS priority, ahead.due_on AS due_on, ahead.due_at AS due_at, ahead.time_zone AS time_zone, ahead.tags AS tags, ahead.completed_at AS completed_at, ahead.recurrence AS recurrence, ahead.recurrence_anchor AS recurrence_anchor, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.reminders AS reminders, ahead.version AS version, ahead.uid AS uid, ahead.list_id AS list_id, ahead.parent_id AS parent_id, ahead.position AS position
FROM ahead ORDER BY ahead.id
 LIMIT $1::INTEGER) AS page
