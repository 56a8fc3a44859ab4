-- $1 after, $2 owner, $3 rows
WITH stamped AS
(UPDATE tasks SET version=CAST(current_setting('app.version') AS BIGINT) WHERE tasks.ctid = any(array((SELECT portion.ctid
FROM tasks AS portion
WHERE (portion.id) > ($1::BIGINT) AND portion.version <= (SELECT owner.feed_floor
FROM owner
WHERE owner.owner_id = $2::VARCHAR) AND portion.owner_id = $2::VARCHAR ORDER BY portion.id
 LIMIT $3::INTEGER))) AND tasks.owner_id = $2::VARCHAR RETURNING tasks.id)
 SELECT (SELECT count(*) AS count_1
FROM stamped) AS anon_1, (SELECT last.id
FROM (SELECT stamped.id AS id
FROM stamped ORDER BY stamped.id DESC
 LIMIT 1) AS last) AS anon_2
