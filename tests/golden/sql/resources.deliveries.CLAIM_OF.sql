-- $1 claim, $2 ms, $3 owners
INSERT INTO delivery (owner_id, since, claim, due_at) SELECT owner.owner_id, least(now(), to_timestamp(owner.news_since / CAST(1000.0 AS NUMERIC))) AS since, $1::BIGINT AS claim, now() + $2::BIGINT * interval '1 millisecond' AS due_at
FROM owner
WHERE owner.news_since IS NOT NULL AND owner.owner_id = any($3::TEXT[]) ORDER BY owner.owner_id ON CONFLICT (owner_id) DO UPDATE SET due_at = (now() + $2::BIGINT * interval '1 millisecond'), claim = $1::BIGINT WHERE delivery.due_at <= now() RETURNING delivery.owner_id, delivery.told_version, delivery.told_kind, delivery.told_id, delivery.told_part, delivery.attempts, coalesce(EXTRACT(epoch FROM now() - delivery.failed_at), 0) AS coalesce_1
