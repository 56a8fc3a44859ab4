-- $1 owner
SELECT set_config('app.user_id', $1::VARCHAR, true) AS set_config_1
