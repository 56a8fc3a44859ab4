-- no parameters
SELECT EXTRACT(epoch FROM min(delivery.due_at) - now()) AS anon_1
FROM delivery
