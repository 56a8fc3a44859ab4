-- no parameters
SELECT set_config('plan_cache_mode', coalesce(nullif(current_setting('app.plans_of_named', true), ''), current_setting('plan_cache_mode')), true) AS set_config_1
