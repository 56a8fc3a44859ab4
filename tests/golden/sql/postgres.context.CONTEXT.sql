-- $1 timeout_ms, $2 owner
SELECT set_config('role', 'taskward_app', true) AS set_config_1, set_config('timezone', 'UTC', true) AS set_config_2, set_config('statement_timeout', $1::VARCHAR, true) AS set_config_3, set_config('app.user_id', $2::VARCHAR, true) AS set_config_4
