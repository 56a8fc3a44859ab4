-- no parameters
UPDATE arming SET armed_until=now() WHERE arming.armed_until < now() - interval '1 minute'
