-- $1 parent_id, $2 parent_uid, $3 sets_list, $4 sets_parent, $5 goes, $6 expected, $7 list_id, $8 list_uid, $9 anchor_id, $10 anchor_uid, $11 owner, $12 id
WITH judged AS
(SELECT task.id AS id, task.position AS position, task.list_id AS left_list_id, CASE WHEN ($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) THEN the_parent.list_id WHEN $3 THEN the_list.id ELSE task.list_id END AS list_id, CASE WHEN $4 THEN the_parent.id WHEN ($3 AND CASE WHEN ($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) THEN the_parent.list_id WHEN $3 THEN the_list.id ELSE task.list_id END IS DISTINCT FROM task.list_id) THEN NULL ELSE task.parent_id END AS parent_id, $5::VARCHAR AS goes, the_anchor.id AS anchor_id, the_anchor.position AS anchor_position, CASE WHEN (task.id IS NULL) THEN 'TW404' WHEN (NOT ($6::BIGINT[] IS NULL OR task.version = any($6::BIGINT[]))) THEN 'TW412' WHEN (($7::BIGINT IS NOT NULL OR $8::UUID IS NOT NULL) AND the_list.id IS NULL) THEN 'TW422' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND the_parent.id IS NULL) THEN 'TW423' WHEN (($9::BIGINT IS NOT NULL OR $10::UUID IS NOT NULL) AND the_anchor.id IS NULL) THEN 'TW424' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND $3 AND the_list.id IS DISTINCT FROM the_parent.list_id) THEN 'TW425' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND (the_parent.parent_id IS NOT NULL OR the_parent.id = task.id OR (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = task.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $11::VARCHAR)))) THEN 'TW431' WHEN (($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) AND the_parent.id IS DISTINCT FROM task.parent_id AND (EXISTS (SELECT subtask.id
FROM tasks AS subtask
WHERE subtask.parent_id = the_parent.id AND subtask.deleted_at IS NULL AND subtask.owner_id = $11::VARCHAR
 LIMIT ALL OFFSET 499))) THEN 'TW432' WHEN (($9::BIGINT IS NOT NULL OR $10::UUID IS NOT NULL) AND the_anchor.list_id IS DISTINCT FROM CASE WHEN ($1::BIGINT IS NOT NULL OR $2::UUID IS NOT NULL) THEN the_parent.list_id WHEN $3 THEN the_list.id ELSE task.list_id END) THEN 'TW433' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT tasks.owner_id AS owner_id, tasks.id AS id, tasks.title AS title, tasks.description AS description, tasks.status AS status, tasks.created_at AS created_at, tasks.updated_at AS updated_at, tasks.version AS version, tasks.priority AS priority, tasks.due_on AS due_on, tasks.due_at AS due_at, tasks.time_zone AS time_zone, tasks.tags AS tags, tasks.marked_done_at AS marked_done_at, tasks.completed_at AS completed_at, tasks.recurrence AS recurrence, tasks.recurrence_anchor AS recurrence_anchor, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.last_occurrence AS last_occurrence, tasks.series_start AS series_start, tasks.series_first AS series_first, tasks.reminders AS reminders, tasks.deleted_at AS deleted_at, tasks.title_words AS title_words, tasks.description_words AS description_words, tasks.title_unspaced AS title_unspaced, tasks.description_unspaced AS description_unspaced, tasks.uid AS uid, tasks.list_id AS list_id, tasks.parent_id AS parent_id, tasks.position AS position, tasks.erased_at AS erased_at
FROM tasks
WHERE tasks.id = $12::BIGINT AND tasks.deleted_at IS NULL AND tasks.owner_id = $11::VARCHAR) AS task ON true LEFT OUTER JOIN (SELECT list.id AS id
FROM lists AS list
WHERE list.id = $7::BIGINT AND list.deleted_at IS NULL AND list.owner_id = $11::VARCHAR UNION ALL SELECT list_by_uid.id AS id
FROM lists AS list_by_uid
WHERE list_by_uid.uid = $8::UUID AND list_by_uid.deleted_at IS NULL AND list_by_uid.owner_id = $11::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT parent.id AS id, parent.list_id AS list_id, parent.parent_id AS parent_id
FROM tasks AS parent
WHERE parent.id = $1::BIGINT AND parent.deleted_at IS NULL AND parent.owner_id = $11::VARCHAR UNION ALL SELECT parent_by_uid.id AS id, parent_by_uid.list_id AS list_id, parent_by_uid.parent_id AS parent_id
FROM tasks AS parent_by_uid
WHERE parent_by_uid.uid = $2::UUID AND parent_by_uid.erased_at IS NULL AND parent_by_uid.deleted_at IS NULL AND parent_by_uid.owner_id = $11::VARCHAR) AS the_parent ON true LEFT OUTER JOIN (SELECT anchor.id AS id, anchor.list_id AS list_id, anchor.position AS position
FROM tasks AS anchor
WHERE anchor.id = $9::BIGINT AND anchor.deleted_at IS NULL AND anchor.owner_id = $11::VARCHAR UNION ALL SELECT anchor_by_uid.id AS id, anchor_by_uid.list_id AS list_id, anchor_by_uid.position AS position
FROM tasks AS anchor_by_uid
WHERE anchor_by_uid.uid = $10::UUID AND anchor_by_uid.erased_at IS NULL AND anchor_by_uid.deleted_at IS NULL AND anchor_by_uid.owner_id = $11::VARCHAR) AS the_anchor ON true)
 SELECT judged.refusal
FROM judged
