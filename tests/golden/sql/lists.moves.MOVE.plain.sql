-- $1 goes, $2 expected, $3 anchor_id, $4 anchor_uid, $5 id, $6 owner
WITH judged AS
(SELECT the_list.id AS id, the_list.position AS position, $1::VARCHAR AS goes, the_anchor.id AS anchor_id, the_anchor.position AS anchor_position, CASE WHEN (the_list.id IS NULL) THEN 'TW404' WHEN (NOT ($2::BIGINT[] IS NULL OR the_list.version = any($2::BIGINT[]))) THEN 'TW412' WHEN (($3::BIGINT IS NOT NULL OR $4::UUID IS NOT NULL) AND the_anchor.id IS NULL) THEN 'TW424' END AS refusal
FROM (SELECT 1) AS one LEFT OUTER JOIN (SELECT lists.owner_id AS owner_id, lists.id AS id, lists.uid AS uid, lists.name AS name, lists.color AS color, lists.position AS position, lists.created_at AS created_at, lists.updated_at AS updated_at, lists.version AS version, lists.deleted_at AS deleted_at
FROM lists
WHERE lists.id = $5::BIGINT AND lists.deleted_at IS NULL AND lists.owner_id = $6::VARCHAR) AS the_list ON true LEFT OUTER JOIN (SELECT anchor.id AS id, anchor.position AS position
FROM lists AS anchor
WHERE anchor.id = $3::BIGINT AND anchor.deleted_at IS NULL AND anchor.owner_id = $6::VARCHAR UNION ALL SELECT anchor_by_uid.id AS id, anchor_by_uid.position AS position
FROM lists AS anchor_by_uid
WHERE anchor_by_uid.uid = $4::UUID AND anchor_by_uid.deleted_at IS NULL AND anchor_by_uid.owner_id = $6::VARCHAR) AS the_anchor ON true),
move AS
(SELECT judged.id AS id, judged.position AS position, judged.goes AS goes, judged.anchor_id AS anchor_id, judged.anchor_position AS anchor_position, judged.refusal AS refusal
FROM judged
WHERE judged.refusal IS NULL),
spot AS
(SELECT move.id AS id, CASE WHEN (move.anchor_id = move.id) THEN move.position WHEN (move.goes = 'last' OR move.goes = 'after' AND upper.id IS NULL) THEN '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') WHEN (move.goes = 'first' OR move.goes = 'before' AND lower.id IS NULL) THEN '4' || lpad(CAST(9999999999999999 - CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') ELSE lpad(CAST(room.number + div(room.count, 2) AS TEXT), room.digits, '0') || '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || '1' END AS place
FROM move LEFT OUTER JOIN LATERAL (SELECT lists.id AS id, lists.position AS position
FROM lists
WHERE lists.deleted_at IS NULL AND lists.id != move.id AND (lists.position, lists.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND lists.owner_id = $6::VARCHAR ORDER BY lists.position DESC, lists.id DESC
 LIMIT 1) AS lower ON true LEFT OUTER JOIN LATERAL (SELECT lists.id AS id, lists.position AS position
FROM lists
WHERE lists.deleted_at IS NULL AND lists.id != move.id AND (lists.position, lists.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND lists.owner_id = $6::VARCHAR ORDER BY lists.position ASC, lists.id ASC
 LIMIT 1) AS upper ON true LEFT OUTER JOIN LATERAL (SELECT tried.digits AS digits, ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS number, floor(CAST(concat('0.', upper.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS count
FROM generate_series(1, 64) AS tried(digits)
WHERE floor(CAST(concat('0.', upper.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', lower.position) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) >= 1 ORDER BY tried.digits
 LIMIT 1) AS room ON true),
around AS
(SELECT near.id AS id, near.position AS position, row_number() OVER (ORDER BY near.position DESC, near.id DESC) * -1 AS rank
FROM spot JOIN move ON true JOIN LATERAL (SELECT lists.id AS id, lists.position AS position
FROM lists
WHERE lists.deleted_at IS NULL AND lists.id != move.id AND (lists.position, lists.id) < (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND lists.owner_id = $6::VARCHAR ORDER BY lists.position DESC, lists.id DESC
 LIMIT 250) AS near ON true
WHERE spot.place IS NULL UNION ALL SELECT near.id AS id, near.position AS position, row_number() OVER (ORDER BY near.position ASC, near.id ASC) * 1 AS rank
FROM spot JOIN move ON true JOIN LATERAL (SELECT lists.id AS id, lists.position AS position
FROM lists
WHERE lists.deleted_at IS NULL AND lists.id != move.id AND (lists.position, lists.id) >= (move.anchor_position, move.anchor_id + CASE WHEN (move.goes = 'after') THEN 1 ELSE 0 END) AND lists.owner_id = $6::VARCHAR ORDER BY lists.position ASC, lists.id ASC
 LIMIT 250) AS near ON true
WHERE spot.place IS NULL UNION ALL SELECT spot.id AS id, CAST(NULL AS TEXT) AS anon_1, 0
FROM spot
WHERE spot.place IS NULL),
wide AS materialized
(SELECT edges.least AS least, edges.rows AS rows, room.digits AS digits, room.number AS number, room.count AS count
FROM (SELECT coalesce(max(around.position) FILTER (WHERE around.rank = -250), '4' || lpad(CAST(9999999999999999 - CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0')) AS lower, coalesce(max(around.position) FILTER (WHERE around.rank = 250), '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0')) AS upper, min(around.rank) FILTER (WHERE abs(around.rank) < 250) AS least, count(*) FILTER (WHERE abs(around.rank) < 250) AS rows
FROM around
HAVING count(*) > 0) AS edges JOIN LATERAL (SELECT tried.digits AS digits, ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS number, floor(CAST(concat('0.', edges.upper) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) AS count
FROM generate_series(1, 2000) AS tried(digits)
WHERE floor(CAST(concat('0.', edges.upper) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) - ceil(CAST(concat('0.', edges.lower) AS NUMERIC) * CAST(concat('1e', tried.digits) AS NUMERIC)) >= edges.rows * 10 ORDER BY tried.digits
 LIMIT 1) AS room ON true),
crowd AS
(SELECT around.id AS id, lpad(CAST(wide.number + div((2 * (around.rank - wide.least) + 1) * wide.count, 2 * wide.rows) AS TEXT), wide.digits, '0') || '5' || lpad(CAST(CAST(current_setting('app.version') AS BIGINT) AS TEXT), 16, '0') || '1' AS position
FROM around JOIN wide ON true
WHERE abs(around.rank) < 250),
places AS
(SELECT spot.id AS id, spot.place AS position
FROM spot
WHERE spot.place IS NOT NULL UNION ALL SELECT crowd.id AS id, crowd.position AS position
FROM crowd),
written AS
(UPDATE lists SET position=places.position, updated_at=now(), version=CAST(current_setting('app.version') AS BIGINT) FROM places WHERE lists.id = places.id AND lists.owner_id = $6::VARCHAR RETURNING lists.id, lists.uid, lists.name, lists.color, lists.position, lists.created_at, lists.updated_at, lists.version),
moved AS
(SELECT written.id AS id, written.uid AS uid, written.name AS name, written.color AS color, written.position AS position, written.created_at AS created_at, written.updated_at AS updated_at, written.version AS version
FROM written
WHERE written.id = (SELECT move.id
FROM move))
 SELECT moved.id, row_to_json(moved) AS json, moved.version
FROM moved
