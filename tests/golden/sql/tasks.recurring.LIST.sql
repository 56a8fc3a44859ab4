-- $1 limit, $2 id, $3 owner, $4 before
WITH ahead AS
(SELECT completions.task_id AS task_id, completions.occurrence AS occurrence, completions.occurrence_date AS occurrence_date, completions.kind AS kind, completions.completed_at AS completed_at
FROM completions
WHERE completions.task_id = (SELECT named.id
FROM tasks AS named
WHERE named.id = $2::BIGINT AND named.owner_id = $3::VARCHAR) AND completions.taken_back_at IS NULL AND completions.occurrence < $4::BIGINT AND completions.owner_id = $3::VARCHAR ORDER BY completions.occurrence DESC
 LIMIT $1::INTEGER + 1)
 SELECT coalesce(json_agg(row_to_json(page) ORDER BY page.occurrence DESC), '[]'::json) AS coalesce_1, min(page.occurrence) AS min_1, (SELECT count(*) > $1::INTEGER AS anon_2
FROM ahead) AS anon_1
FROM (SELECT ahead.task_id AS task_id, ahead.occurrence AS occurrence, ahead.occurrence_date AS occurrence_date, ahead.kind AS kind, ahead.completed_at AS completed_at
FROM ahead ORDER BY ahead.occurrence DESC
 LIMIT $1::INTEGER) AS page
