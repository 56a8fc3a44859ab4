-- no parameters
SELECT set_config('max_parallel_workers_per_gather', '0', true) AS set_config_1, set_config('enable_seqscan', 'off', true) AS set_config_2, set_config('jit', 'off', true) AS set_config_3
