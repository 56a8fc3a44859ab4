-- $1 claim, $2 owner
UPDATE delivery SET due_at=now(), claim=NULL WHERE delivery.claim = $1::BIGINT AND delivery.owner_id = $2::VARCHAR RETURNING delivery.owner_id
