-- $1 backend_pid, $2 timeout_ms, $3 owner
SELECT set_config('role', 'taskward_app', pg_backend_pid() != $1::INTEGER) AS set_config_1, set_config('timezone', 'UTC', pg_backend_pid() != $1::INTEGER) AS set_config_2, set_config('statement_timeout', $2::VARCHAR, pg_backend_pid() != $1::INTEGER) AS set_config_3, set_config('app.user_id', $3::VARCHAR, true) AS set_config_4
