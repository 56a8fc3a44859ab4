-- $1 rows
WITH made AS
(INSERT INTO delivery (owner_id, since) SELECT owner.owner_id AS owner_id, least(now(), to_timestamp(owner.news_since / CAST(1000.0 AS NUMERIC))) AS since
FROM owner
WHERE owner.news_since IS NOT NULL AND NOT (EXISTS (SELECT 1
FROM delivery
WHERE delivery.owner_id = owner.owner_id)) ORDER BY owner.owner_id
 LIMIT $1::INTEGER ON CONFLICT DO NOTHING RETURNING delivery.owner_id)
 SELECT count(*) AS count_1
FROM made
