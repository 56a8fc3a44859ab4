-- $1 remind_at, $2 memory, $3 reminder, $4 task_id, $5 before, $6 owner
UPDATE alarms SET remind_at=$1::TIMESTAMP WITH TIME ZONE, memory=$2::VARCHAR, reminder=$3::VARCHAR WHERE alarms.task_id = $4::BIGINT AND alarms.memory = $5::VARCHAR AND alarms.owner_id = $6::VARCHAR RETURNING alarms.task_id
