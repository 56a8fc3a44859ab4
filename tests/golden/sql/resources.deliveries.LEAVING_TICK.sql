-- $1 owner, $2 now_ms
WITH moved AS
(INSERT INTO owner (owner_id, version, feed_floor) VALUES ($1::VARCHAR, $2::BIGINT, $2::BIGINT) ON CONFLICT (owner_id) DO UPDATE SET version = greatest(owner.version + 1, excluded.version) RETURNING owner.version, set_config('app.version', CAST(owner.version AS TEXT), true) AS told),
left_for_delivery AS
(INSERT INTO delivery (owner_id, told_version) SELECT $1::VARCHAR AS anon_1, moved.version AS version
FROM moved ON CONFLICT DO NOTHING)
 SELECT moved.told
FROM moved
