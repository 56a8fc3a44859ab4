-- $1 owner
DELETE FROM calendar_links WHERE calendar_links.owner_id = $1::VARCHAR
