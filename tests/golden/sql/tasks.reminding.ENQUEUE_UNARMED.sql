-- $1 behind, $2 rows
WITH "some" AS
(SELECT owner.owner_id AS owner_id, coalesce(least(now(), to_timestamp(owner.news_since / CAST(1000.0 AS NUMERIC))), now()) AS since
FROM owner
WHERE owner.owner_id > $1::VARCHAR AND owner.version > coalesce((SELECT EXTRACT(epoch FROM arming.armed_until - interval '10 minutes') * 1000 AS anon_2
FROM arming), 0) ORDER BY owner.owner_id
 LIMIT $2::INTEGER),
noted AS
(INSERT INTO delivery (owner_id, since, arms) SELECT "some".owner_id AS owner_id, "some".since AS since, true AS anon_1
FROM "some" ORDER BY "some".owner_id ON CONFLICT (owner_id) DO UPDATE SET arms = true)
 SELECT now() AS now_1, max("some".owner_id) AS max_1
FROM "some"
