-- no parameters
SELECT set_config('plan_cache_mode', CASE WHEN (current_setting('plan_cache_mode') = 'auto') THEN coalesce(nullif(current_setting('app.plans_of_named', true), ''), 'auto') ELSE current_setting('plan_cache_mode') END, true) AS set_config_1
