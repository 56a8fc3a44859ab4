-- $1 owner, $2 name, $3 color, $4 created_at
WITH created AS
(INSERT INTO lists (owner_id, version, name, color, created_at) SELECT $1::VARCHAR AS anon_1, CAST(current_setting('app.version') AS BIGINT) AS current_setting_1, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3, least(coalesce($4::TIMESTAMP WITH TIME ZONE, now()), now()) AS least_1
WHERE (SELECT count(*) AS count_1
FROM lists
WHERE lists.deleted_at IS NULL AND lists.owner_id = $1::VARCHAR) < 500 RETURNING lists.id, lists.uid, lists.name, lists.color, lists.position, lists.created_at, lists.updated_at, lists.version)
 SELECT created.id, row_to_json(created) AS json, created.version
FROM created
