-- $1 until
INSERT INTO arming (armed_until) VALUES ($1::TIMESTAMP WITH TIME ZONE) ON CONFLICT (only_one) DO UPDATE SET armed_until = greatest(arming.armed_until, excluded.armed_until) RETURNING arming.only_one
