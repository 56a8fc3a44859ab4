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
WHERE anchor_by_uid.uid = $10::UUID AND anchor_by_uid.erased_at IS NULL AND anchor_by_uid.deleted_at IS NULL AND anchor_by_uid.owner_id = $11::VARCHAR) AS the_anchor ON true),
move AS
(SELECT judged.id AS id, judged.position AS position, judged.left_list_id AS left_list_id, judged.list_id AS list_id, judged.parent_id AS parent_id, judged.goes AS goes, judged.anchor_id AS anchor_id, judged.anchor_position AS anchor_position, judged.refusal AS refusal
FROM judged
WHERE judged.refusal IS NULL),
spot AS
(SELECT move.id AS id, CASE WHEN (move.anchor_id = move.id) THEN move.position WHEN (move.goes = 'last' OR move.goes = 'after' AND upper.id IS NULL) THEN '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') WHEN (move.goes = 'first' OR move.goes = 'before' AND lower.id IS NULL) THEN '4' || lpad(CAST(9999999999999999 - CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') ELSE lpad(CAST(room.number + div(room.count, 2) AS TEXT), room.digits, '0') || '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || '1' END AS place
FROM move LEFT OUTER JOIN LATERAL (SELECT anon_1.id AS id, anon_1.position AS position
FROM (SELECT anon_2.id AS id, anon_2.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id = move.list_id ORDER BY tasks.list_id DESC, tasks.position DESC, tasks.id DESC
 LIMIT 1) AS anon_2 UNION ALL SELECT anon_3.id AS id, anon_3.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NULL AND move.list_id IS NULL ORDER BY tasks.list_id DESC, tasks.position DESC, tasks.id DESC
 LIMIT 1) AS anon_3) AS anon_1) AS lower ON true LEFT OUTER JOIN LATERAL (SELECT anon_4.id AS id, anon_4.position AS position
FROM (SELECT anon_5.id AS id, anon_5.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id = move.list_id ORDER BY tasks.list_id ASC, tasks.position ASC, tasks.id ASC
 LIMIT 1) AS anon_5 UNION ALL SELECT anon_6.id AS id, anon_6.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NULL AND move.list_id IS NULL ORDER BY tasks.list_id ASC, tasks.position ASC, tasks.id ASC
 LIMIT 1) AS anon_6) AS anon_4) AS upper ON true LEFT OUTER JOIN LATERAL (SELECT tried.digits AS digits, ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS number, floor(CAST(concat('0.', upper.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS count
FROM generate_series(1, 64) AS tried(digits)
WHERE floor(CAST(concat('0.', upper.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) >= 1 ORDER BY tried.digits
 LIMIT 1) AS room ON true),
around AS
(SELECT near.id AS id, near.position AS position, row_number() OVER (ORDER BY near.position DESC, near.id DESC) * -1 AS rank
FROM spot JOIN move ON true JOIN LATERAL (SELECT anon_7.id AS id, anon_7.position AS position
FROM (SELECT anon_8.id AS id, anon_8.position AS position
FROM (SELECT anon_9.id AS id, anon_9.position AS position
FROM (SELECT anon_10.id AS id, anon_10.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id = move.list_id ORDER BY tasks.list_id DESC, tasks.position DESC, tasks.id DESC
 LIMIT 250) AS anon_10 UNION ALL SELECT anon_11.id AS id, anon_11.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NULL AND move.list_id IS NULL ORDER BY tasks.list_id DESC, tasks.position DESC, tasks.id DESC
 LIMIT 250) AS anon_11) AS anon_9) AS anon_8 UNION ALL SELECT anon_12.id AS id, anon_12.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at > '-infinity'::timestamptz AND tasks.id != move.id AND (tasks.position, tasks.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NOT DISTINCT FROM move.list_id ORDER BY tasks.position DESC, tasks.id DESC
 LIMIT 250) AS anon_12) AS anon_7 ORDER BY anon_7.position DESC, anon_7.id DESC
 LIMIT 250) AS near ON true
WHERE spot.place IS NULL UNION ALL SELECT near.id AS id, near.position AS position, row_number() OVER (ORDER BY near.position ASC, near.id ASC) * 1 AS rank
FROM spot JOIN move ON true JOIN LATERAL (SELECT anon_13.id AS id, anon_13.position AS position
FROM (SELECT anon_14.id AS id, anon_14.position AS position
FROM (SELECT anon_15.id AS id, anon_15.position AS position
FROM (SELECT anon_16.id AS id, anon_16.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id = move.list_id ORDER BY tasks.list_id ASC, tasks.position ASC, tasks.id ASC
 LIMIT 250) AS anon_16 UNION ALL SELECT anon_17.id AS id, anon_17.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at IS NULL AND tasks.id != move.id AND (tasks.position, tasks.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NULL AND move.list_id IS NULL ORDER BY tasks.list_id ASC, tasks.position ASC, tasks.id ASC
 LIMIT 250) AS anon_17) AS anon_15) AS anon_14 UNION ALL SELECT anon_18.id AS id, anon_18.position AS position
FROM (SELECT tasks.id AS id, tasks.position AS position
FROM tasks
WHERE tasks.deleted_at > '-infinity'::timestamptz AND tasks.id != move.id AND (tasks.position, tasks.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND tasks.owner_id = $11::VARCHAR AND tasks.list_id IS NOT DISTINCT FROM move.list_id ORDER BY tasks.position ASC, tasks.id ASC
 LIMIT 250) AS anon_18) AS anon_13 ORDER BY anon_13.position ASC, anon_13.id ASC
 LIMIT 250) AS near ON true
WHERE spot.place IS NULL UNION ALL SELECT spot.id AS id, CAST(NULL AS TEXT) AS anon_19, 0
FROM spot
WHERE spot.place IS NULL),
wide AS materialized
(SELECT edges.least AS least, edges.rows AS rows, room.digits AS digits, room.number AS number, room.count AS count
FROM (SELECT coalesce(max(around.position) FILTER (WHERE around.rank = -250), '4' || lpad(CAST(9999999999999999 - CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0')) AS lower, coalesce(max(around.position) FILTER (WHERE around.rank = 250), '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0')) AS upper, min(around.rank) FILTER (WHERE abs(around.rank) < 250) AS least, count(*) FILTER (WHERE abs(around.rank) < 250) AS rows
FROM around
HAVING count(*) > 0) AS edges JOIN LATERAL (SELECT tried.digits AS digits, ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS number, floor(CAST(concat('0.', edges.upper) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS count
FROM generate_series(1, 2000) AS tried(digits)
WHERE floor(CAST(concat('0.', edges.upper) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) >= edges.rows * 10 ORDER BY tried.digits
 LIMIT 1) AS room ON true),
crowd AS
(SELECT around.id AS id, lpad(CAST(wide.number + div((2 * (around.rank - wide.least) + 1) * wide.count, 2 * wide.rows) AS TEXT), wide.digits, '0') || '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || '1' AS position
FROM around JOIN wide ON true
WHERE abs(around.rank) < 250),
places AS
(SELECT spot.id AS id, spot.place AS position
FROM spot
WHERE spot.place IS NOT NULL UNION ALL SELECT crowd.id AS id, crowd.position AS position
FROM crowd),
along AS
(SELECT subtask.id AS id, '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || lpad(CAST(row_number() OVER (ORDER BY subtask.position, subtask.id) AS TEXT), 4, '0') || '1' AS position
FROM move JOIN tasks AS subtask ON subtask.parent_id = move.id
WHERE subtask.deleted_at IS NULL AND move.list_id IS DISTINCT FROM move.left_list_id AND subtask.owner_id = $11::VARCHAR),
changes AS
(SELECT places.id AS id, places.position AS position
FROM places UNION ALL SELECT along.id AS id, along.position AS position
FROM along),
written AS
(UPDATE tasks SET updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=tasks.completed_at, list_id=CASE WHEN (tasks.id = move.id OR tasks.parent_id = move.id) THEN move.list_id ELSE tasks.list_id END, parent_id=CASE WHEN (tasks.id = move.id) THEN move.parent_id ELSE tasks.parent_id END, position=changes.position FROM changes, move WHERE tasks.id = changes.id AND tasks.id = any(array((SELECT changes.id
FROM changes))) AND tasks.owner_id = $11::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
moved AS
(SELECT written.id AS id, written.title AS title, written.description AS description, written.status AS status, written.created_at AS created_at, written.updated_at AS updated_at, written.priority AS priority, written.due_on AS due_on, written.due_at AS due_at, written.time_zone AS time_zone, written.tags AS tags, written.completed_at AS completed_at, written.recurrence AS recurrence, written.recurrence_anchor AS recurrence_anchor, written.occurrence AS occurrence, written.occurrence_date AS occurrence_date, written.reminders AS reminders, written.version AS version, written.uid AS uid, written.list_id AS list_id, written.parent_id AS parent_id, written.position AS position
FROM written
WHERE written.id = (SELECT move.id
FROM move))
 SELECT length(set_config('app.batch_results', concat_ws(', ', nullif(current_setting('app.batch_results', true), ''), CASE WHEN (moved.id IS NOT NULL) THEN '{"op": "move", "status": 200, "task": ' || CAST(row_to_json(moved) AS TEXT) || '}' ELSE refuse(coalesce(judged.refusal, 'TW404')) END), true)) AS length_1
FROM judged LEFT OUTER JOIN moved ON true
