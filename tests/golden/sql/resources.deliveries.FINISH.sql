-- $1 owner, $2 reached, $3 claim
DELETE FROM delivery WHERE coalesce((SELECT owner.version
FROM owner
WHERE owner.owner_id = $1::VARCHAR), 0) <= $2::BIGINT AND delivery.claim = $3::BIGINT AND delivery.owner_id = $1::VARCHAR RETURNING delivery.owner_id
