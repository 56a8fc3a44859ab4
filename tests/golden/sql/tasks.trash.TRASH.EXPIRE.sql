-- $1 trash_days, $2 owner
DELETE FROM tasks WHERE tasks.deleted_at <= now() - make_interval(0, 0, 0, $1::INTEGER) AND tasks.owner_id = $2::VARCHAR
