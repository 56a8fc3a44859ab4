-- no parameters
SELECT count(*) AS count_1, EXTRACT(epoch FROM now() - min(coalesce(delivery.since, news.since))) AS anon_1
FROM (SELECT owner.owner_id AS owner_id, least(now(), to_timestamp(owner.news_since / CAST(1000.0 AS NUMERIC))) AS since
FROM owner
WHERE owner.news_since IS NOT NULL) AS news FULL OUTER JOIN delivery ON delivery.owner_id = news.owner_id
