-- no parameters
SELECT EXTRACT(epoch FROM min(alarms.remind_at) - now()) AS anon_1
FROM alarms
WHERE alarms.remind_at > now()
