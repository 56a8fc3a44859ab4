-- $1 owner, $2 now_ms
INSERT INTO owner (owner_id, version, feed_floor) VALUES ($1::VARCHAR, $2::BIGINT, $2::BIGINT) ON CONFLICT (owner_id) DO UPDATE SET version = greatest(owner.version + 1, excluded.version) RETURNING set_config('app.version', CAST(owner.version AS TEXT), true) AS set_config_1
