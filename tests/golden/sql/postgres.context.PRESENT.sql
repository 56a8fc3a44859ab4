-- $1 digest
SELECT set_config('role', 'taskward_keeper', true) AS set_config_1, set_config('app.presented_digest', $1::VARCHAR, true) AS set_config_2
