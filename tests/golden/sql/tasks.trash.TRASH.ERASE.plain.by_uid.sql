-- $1 owner, $2 id, $3 trash_days
WITH erased AS
(UPDATE tasks SET title='erased', description=NULL, status='Todo', updated_at=NULL, priority=NULL, due_on=NULL, due_at=NULL, time_zone=NULL, tags='{}', marked_done_at=NULL, recurrence=NULL, recurrence_anchor='due', occurrence=NULL, occurrence_date=NULL, last_occurrence=NULL, series_start=NULL, series_first=NULL, reminders='[]', deleted_at='-infinity'::timestamptz, title_words='', description_words='', title_unspaced=NULL, description_unspaced=NULL, list_id=NULL, parent_id=NULL, erased_at=now() WHERE tasks.owner_id = $1::VARCHAR AND tasks.uid = $2::UUID AND tasks.erased_at IS NULL AND tasks.deleted_at > now() - make_interval(0, 0, 0, $3::INTEGER) RETURNING tasks.id, '' AS json, tasks.version),
completions AS
(DELETE FROM completions WHERE completions.task_id IN (SELECT erased.id
FROM erased) AND completions.owner_id = $1::VARCHAR RETURNING completions.task_id),
alarms AS
(DELETE FROM alarms WHERE alarms.task_id IN (SELECT erased.id
FROM erased) AND alarms.owner_id = $1::VARCHAR RETURNING alarms.task_id)
 SELECT erased.id, erased.json, erased.version
FROM erased
