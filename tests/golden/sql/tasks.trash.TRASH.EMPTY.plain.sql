-- $1 owner, $2 rows
WITH emptied AS
(UPDATE tasks SET title='erased', description=NULL, status='Todo', updated_at=NULL, priority=NULL, due_on=NULL, due_at=NULL, time_zone=NULL, tags='{}', marked_done_at=NULL, recurrence=NULL, recurrence_anchor='due', occurrence=NULL, occurrence_date=NULL, last_occurrence=NULL, series_start=NULL, series_first=NULL, reminders='[]', deleted_at='-infinity'::timestamptz, title_words='', description_words='', title_unspaced=NULL, description_unspaced=NULL, list_id=NULL, parent_id=NULL, erased_at=now() WHERE tasks.owner_id = $1::VARCHAR AND tasks.id = any(array((SELECT tasks.id
FROM tasks
WHERE tasks.deleted_at > '-infinity'::timestamptz AND tasks.owner_id = $1::VARCHAR ORDER BY tasks.deleted_at, tasks.id
 LIMIT $2::INTEGER))) RETURNING tasks.id),
completions AS
(DELETE FROM completions WHERE completions.task_id IN (SELECT emptied.id
FROM emptied) AND completions.owner_id = $1::VARCHAR RETURNING completions.task_id),
alarms AS
(DELETE FROM alarms WHERE alarms.task_id IN (SELECT emptied.id
FROM emptied) AND alarms.owner_id = $1::VARCHAR RETURNING alarms.task_id)
 SELECT 1
WHERE (SELECT count(*) < $2::INTEGER AS anon_1
FROM emptied)
