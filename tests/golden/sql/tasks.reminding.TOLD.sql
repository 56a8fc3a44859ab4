-- $1 remind_at, $2 memory, $3 task_id, $4 before, $5 owner
WITH told AS
(UPDATE alarms SET remind_at=$1::TIMESTAMP WITH TIME ZONE, memory=$2::VARCHAR, reminder=NULL WHERE alarms.task_id = $3::BIGINT AND alarms.memory = $4::VARCHAR AND alarms.owner_id = $5::VARCHAR RETURNING alarms.task_id)
 SELECT count(*) AS count_1
FROM told
