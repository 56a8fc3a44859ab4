-- $1 owner, $2 reached, $3 claim
UPDATE delivery SET due_at=greatest(now(), coalesce((SELECT min(alarms.remind_at) AS min_1
FROM alarms
WHERE alarms.remind_at <= clock_timestamp() + interval '5 seconds' AND alarms.owner_id = $1::VARCHAR), now())), claim=NULL WHERE NOT (EXISTS (SELECT 1
FROM owner
WHERE owner.news_since IS NOT NULL AND owner.version > $2::BIGINT AND owner.owner_id = $1::VARCHAR)) AND delivery.claim = $3::BIGINT AND delivery.owner_id = $1::VARCHAR RETURNING EXTRACT(epoch FROM delivery.due_at - now()) AS anon_1
