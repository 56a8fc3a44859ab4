-- $1 owner
SELECT set_config('app.user_id', $1::VARCHAR, true) AS set_config_1, set_config('plan_cache_mode', CASE WHEN (current_setting('plan_cache_mode') = 'auto') THEN 'force_generic_plan' ELSE current_setting('plan_cache_mode') END, true) AS set_config_2
