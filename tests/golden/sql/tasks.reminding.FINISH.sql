-- $1 owner, $2 reached, $3 claim
WITH gone AS
(DELETE FROM delivery WHERE NOT (EXISTS (SELECT 1
FROM owner
WHERE owner.news_since IS NOT NULL AND owner.version > $2::BIGINT AND owner.owner_id = $1::VARCHAR)) AND NOT delivery.arms AND (SELECT min(alarms.remind_at) AS min_1
FROM alarms
WHERE alarms.remind_at <= clock_timestamp() + interval '5 seconds' AND alarms.owner_id = $1::VARCHAR) IS NULL AND delivery.claim = $3::BIGINT AND delivery.owner_id = $1::VARCHAR RETURNING delivery.owner_id),
calm AS
(UPDATE owner SET news_since=NULL WHERE owner.owner_id = $1::VARCHAR AND owner.news_since IS NOT NULL AND (EXISTS (SELECT gone.owner_id
FROM gone)) RETURNING owner.owner_id)
 SELECT gone.owner_id
FROM gone
