-- no parameters
SELECT count(*) AS count_1, EXTRACT(epoch FROM now() - min(delivery.since)) AS anon_1
FROM delivery
