-- $1 ms, $2 claim, $3 owners
UPDATE delivery SET due_at=(now() + $1::BIGINT * interval '1 millisecond'), claim=$2::BIGINT WHERE delivery.owner_id = any(array((SELECT delivery.owner_id
FROM delivery
WHERE delivery.owner_id = any($3::TEXT[]) AND delivery.due_at <= now() FOR UPDATE SKIP LOCKED))) RETURNING delivery.owner_id, delivery.told_version, delivery.told_kind, delivery.told_id, delivery.told_part, delivery.attempts, coalesce(EXTRACT(epoch FROM now() - delivery.failed_at), 0) AS coalesce_1
