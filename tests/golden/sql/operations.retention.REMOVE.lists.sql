-- $1 days, $2 owner, $3 rows
WITH gone AS
(DELETE FROM lists WHERE lists.id = any(array((SELECT lists.id
FROM lists
WHERE lists.deleted_at <= now() - make_interval(0, 0, 0, $1::INTEGER, 1) AND lists.owner_id = $2::VARCHAR ORDER BY lists.deleted_at, lists.id
 LIMIT $3::INTEGER))) AND lists.owner_id = $2::VARCHAR RETURNING lists.version),
raised AS
(UPDATE owner SET feed_floor=greatest(owner.feed_floor, (SELECT max(gone.version) AS max_1
FROM gone)) WHERE (EXISTS (SELECT gone.version
FROM gone)) AND owner.owner_id = $2::VARCHAR RETURNING owner.feed_floor)
 SELECT gone.version
FROM gone
