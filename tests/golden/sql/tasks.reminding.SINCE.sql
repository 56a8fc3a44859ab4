-- $1 owner
SELECT coalesce((SELECT delivery.since
FROM delivery
WHERE delivery.owner_id = $1::VARCHAR), now()) AS coalesce_1, now() AS now_1
