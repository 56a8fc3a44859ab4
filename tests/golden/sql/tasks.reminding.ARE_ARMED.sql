-- $1 owner
UPDATE delivery SET arms=false WHERE delivery.owner_id = $1::VARCHAR
