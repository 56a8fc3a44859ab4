-- $1 owner, $2 ids, $3 befores, $4 memories, $5 instants
WITH written AS
(SELECT written.id AS id, written.before AS before, written.memory AS memory, written.instant AS instant
FROM unnest(CAST($2::BIGINT[] AS BIGINT[]), CAST($3::TEXT[] AS TEXT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::TEXT[] AS TEXT[])) AS written(id, before, memory, instant))
 INSERT INTO alarms (owner_id, task_id, memory, remind_at) SELECT $1::VARCHAR AS anon_1, written.id, written.memory, CAST(nullif(written.instant, '') AS TIMESTAMP WITH TIME ZONE) AS nullif_1
FROM written JOIN (SELECT tasks.id AS id
FROM tasks
WHERE tasks.owner_id = $1::VARCHAR) AS there ON there.id = written.id ON CONFLICT (owner_id, task_id) DO UPDATE SET remind_at = excluded.remind_at, memory = excluded.memory, reminder = CASE WHEN (alarms.remind_at = excluded.remind_at) THEN alarms.reminder END WHERE alarms.memory = (SELECT written.before
FROM written, alarms
WHERE alarms.task_id = written.id)
