-- $1 ms, $2 claim, $3 owner
UPDATE delivery SET due_at=(now() + $1::BIGINT * interval '1 millisecond'), claim=NULL, attempts=(delivery.attempts + 1), failed_at=coalesce(delivery.failed_at, now()) WHERE delivery.claim = $2::BIGINT AND delivery.owner_id = $3::VARCHAR RETURNING delivery.owner_id
