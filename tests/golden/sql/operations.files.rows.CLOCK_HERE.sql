-- $1 owner
SELECT owner.version
FROM owner
WHERE owner.owner_id = $1::VARCHAR
