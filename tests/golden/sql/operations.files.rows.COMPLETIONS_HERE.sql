-- $1 ids, $2 occurrences, $3 owner
SELECT completions.task_id, completions.occurrence
FROM completions
WHERE (completions.task_id, completions.occurrence) IN (SELECT asked.id, asked.occurrence
FROM unnest(CAST($1::BIGINT[] AS BIGINT[]), CAST($2::BIGINT[] AS BIGINT[])) AS asked(id, occurrence)) AND completions.owner_id = $3::VARCHAR
