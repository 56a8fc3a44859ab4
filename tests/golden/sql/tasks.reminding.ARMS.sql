-- $1 owner
SELECT coalesce((SELECT delivery.arms
FROM delivery
WHERE delivery.owner_id = $1::VARCHAR), false) AS coalesce_1
