-- $1 id, $2 expected, $3 owner, $4 status, $5 due_on, $6 due_at, $7 at, $8 occurrence_date, $9 skipped, $10 kind
WITH before AS
(SELECT tasks.id AS id, tasks.occurrence AS occurrence, tasks.occurrence_date AS occurrence_date, tasks.due_on AS due_on, tasks.due_at AS due_at
FROM tasks
WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR tasks.version = any($2::BIGINT[])) AND tasks.owner_id = $3::VARCHAR),
task AS
(UPDATE tasks SET status=$4::VARCHAR, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), due_on=$5::DATE, due_at=$6::TIMESTAMP WITH TIME ZONE, marked_done_at=CASE WHEN ($4::VARCHAR = 'Done') THEN least($7::TIMESTAMP WITH TIME ZONE, now()) END, occurrence=(tasks.occurrence + 1), occurrence_date=$8::VARCHAR, last_occurrence=(tasks.occurrence + 1) WHERE tasks.uid = $1::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at IS NULL AND ($2::BIGINT[] IS NULL OR tasks.version = any($2::BIGINT[])) AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id, tasks.title, tasks.description, tasks.status, tasks.created_at, tasks.updated_at, tasks.priority, tasks.due_on, tasks.due_at, tasks.time_zone, tasks.tags, tasks.completed_at, tasks.recurrence, tasks.recurrence_anchor, tasks.occurrence, tasks.occurrence_date, tasks.reminders, tasks.version, tasks.uid, tasks.list_id, tasks.parent_id, tasks.position),
subtasks AS
(UPDATE tasks SET status='Todo', updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT), marked_done_at=NULL WHERE tasks.parent_id = (SELECT before.id
FROM before) AND tasks.deleted_at IS NULL AND tasks.status = 'Done' AND tasks.recurrence IS NULL AND (EXISTS (SELECT task.id
FROM task)) AND $4::VARCHAR != 'Done' AND tasks.owner_id = $3::VARCHAR RETURNING tasks.id),
completion AS
(INSERT INTO completions (owner_id, task_id, occurrence, occurrence_date, due_on, due_at, kind, completed_at, version) SELECT $3::VARCHAR AS anon_1, before.id AS id, before.occurrence AS occurrence, before.occurrence_date AS occurrence_date, before.due_on AS due_on, before.due_at AS due_at, $10::VARCHAR AS anon_2, least($7::TIMESTAMP WITH TIME ZONE, now()) AS least_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1
FROM before RETURNING completions.task_id, completions.occurrence, completions.occurrence_date, completions.kind, completions.completed_at)
 SELECT task.id, json_build_object('task', row_to_json(task), 'completion', row_to_json(completion), 'skipped', CAST($9::INTEGER AS INTEGER)) AS json, task.version
FROM task JOIN completion ON true
