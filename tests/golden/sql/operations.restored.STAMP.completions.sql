-- $1 after, $2 after_in_it, $3 owner, $4 rows
WITH stamped AS
(UPDATE completions SET version=CAST(current_setting('app.version') AS BIGINT) WHERE completions.ctid = any(array((SELECT portion.ctid
FROM completions AS portion
WHERE (portion.task_id, portion.occurrence) > ($1::BIGINT, $2::BIGINT) AND portion.version <= (SELECT owner.feed_floor
FROM owner
WHERE owner.owner_id = $3::VARCHAR) AND portion.owner_id = $3::VARCHAR ORDER BY portion.task_id, portion.occurrence
 LIMIT $4::INTEGER))) AND completions.owner_id = $3::VARCHAR RETURNING completions.task_id, completions.occurrence)
 SELECT (SELECT count(*) AS count_1
FROM stamped) AS anon_1, (SELECT last.task_id
FROM (SELECT stamped.task_id AS task_id, stamped.occurrence AS occurrence
FROM stamped ORDER BY stamped.task_id DESC, stamped.occurrence DESC
 LIMIT 1) AS last) AS anon_2, (SELECT last.occurrence
FROM (SELECT stamped.task_id AS task_id, stamped.occurrence AS occurrence
FROM stamped ORDER BY stamped.task_id DESC, stamped.occurrence DESC
 LIMIT 1) AS last) AS anon_3
