-- $1 rows
WITH whose_turn AS
(SELECT alarms.owner_id AS owner_id
FROM alarms
WHERE alarms.remind_at <= now() AND NOT (EXISTS (SELECT delivery.owner_id
FROM delivery
WHERE delivery.owner_id = alarms.owner_id)) ORDER BY alarms.remind_at
 LIMIT $1::INTEGER),
noted AS
(INSERT INTO delivery (owner_id, since) SELECT owner.owner_id AS owner_id, coalesce(least(now(), to_timestamp(owner.news_since / CAST(1000.0 AS NUMERIC))), now()) AS since
FROM owner
WHERE owner.owner_id IN (SELECT whose_turn.owner_id
FROM whose_turn) ORDER BY owner.owner_id ON CONFLICT DO NOTHING)
 SELECT whose_turn.owner_id
FROM whose_turn
