-- $1 digest
SELECT calendar_links.owner_id
FROM calendar_links
WHERE calendar_links.digest = $1::VARCHAR
