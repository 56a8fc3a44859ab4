-- no parameters
SELECT set_config('role', 'taskward_keeper', true) AS set_config_1
