-- $1 ids, $2 versions, $3 owner
SELECT CASE WHEN (EXISTS (SELECT 1
FROM unnest(CAST($1::BIGINT[] AS BIGINT[]), CAST($2::BIGINT[] AS BIGINT[])) AS read(id, version)
WHERE NOT (EXISTS (SELECT tasks.id
FROM tasks
WHERE tasks.id = read.id AND tasks.version = read.version AND tasks.owner_id = $3::VARCHAR AND tasks.deleted_at IS NULL)))) THEN refuse('TW303') END AS anon_1
