-- $1 days, $2 owner, $3 rows
WITH gone AS
(DELETE FROM tasks WHERE tasks.id = any(array((SELECT tasks.id
FROM tasks
WHERE tasks.deleted_at <= now() - make_interval(0, 0, 0, $1::INTEGER, 1) AND coalesce(tasks.erased_at, tasks.deleted_at) <= now() - make_interval(0, 0, 0, $1::INTEGER, 1) AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.deleted_at, tasks.id
 LIMIT $3::INTEGER))) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.version),
raised AS
(UPDATE owner SET feed_floor=greatest(owner.feed_floor, (SELECT max(gone.version) AS max_1
FROM gone)) WHERE (EXISTS (SELECT gone.version
FROM gone)) AND owner.owner_id = $2::VARCHAR RETURNING owner.feed_floor)
 SELECT gone.version
FROM gone
