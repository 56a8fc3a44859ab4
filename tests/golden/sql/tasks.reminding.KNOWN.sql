-- $1 ids, $2 owner
SELECT alarms.task_id, alarms.memory
FROM alarms
WHERE alarms.task_id = any($1::BIGINT[]) AND alarms.owner_id = $2::VARCHAR
