-- $1 rows, $2 owner
WITH emptied AS
(UPDATE tasks SET title='erased', description=NULL, status='Todo', updated_at=NULL, priority=NULL, due_on=NULL, due_at=NULL, time_zone=NULL, tags='{}', marked_done_at=NULL, deleted_at='-infinity'::timestamptz, title_words='', description_words='', title_unspaced=NULL, description_unspaced=NULL, list_id=NULL, parent_id=NULL, erased_at=now() WHERE tasks.owner_id = $2::VARCHAR AND tasks.id = any(array((SELECT tasks.id
FROM tasks
WHERE tasks.deleted_at > '-infinity'::timestamptz AND tasks.owner_id = $2::VARCHAR ORDER BY tasks.deleted_at, tasks.id
 LIMIT $1::INTEGER))) RETURNING tasks.id)
 SELECT 1
WHERE (SELECT count(*) < $1::INTEGER AS anon_1
FROM emptied)
