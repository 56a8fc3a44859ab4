// The life of a task, call by call, as an application would write it.

import assert from "node:assert/strict";
import test from "node:test";
import { isTaskwardError, type Task, type TaskReplace, taskward, uuid } from "@taskward/client";
import { API, client, collected, somebody } from "./support/people.js";

const everything: Required<TaskReplace> = {
  title: "Buy milk",
  description: "two litres",
  status: "InProgress",
  priority: "high",
  due_on: null,
  due_at: "2026-03-10T18:00:00+01:00",
  time_zone: "Europe/Warsaw",
  tags: ["home", "a & b, c"],
  recurrence: null,
  recurrence_anchor: "completion",
  reminders: [{ minutes_before: 30 }, { days_before: 1, time: "18:00" }],
};

test("a task is created, found, changed and replaced", async () => {
  const { tasks } = client();

  const milk = await tasks.create(everything);
  const inUtc = { ...everything, due_at: "2026-03-10T17:00:00+00:00" };
  for (const name of Object.keys(inUtc) as (keyof TaskReplace)[]) assert.deepEqual(milk[name], inUtc[name]);
  assert.deepEqual(await tasks.find(milk.id), milk);
  assert.equal(await tasks.find(milk.id, { ifNoneMatch: milk.version }), null);
  const done = await tasks.change(milk.id, { status: "Done", priority: null }, { ifMatch: milk.version });
  assert.deepEqual([done.status, done.priority, done.completed_at], ["Done", null, done.updated_at]);
  assert.deepEqual(await tasks.find(milk.id, { ifNoneMatch: milk.version }), done);
  const oat = await tasks.replace(milk.id, { title: "Oat milk" }, { ifMatch: `"${done.version}"` });
  assert.deepEqual([oat.title, oat.status, oat.tags], ["Oat milk", "Todo", []]);
});

test("a task that recurs is completed, skipped and reopened", async () => {
  const { tasks } = client();
  const plants = await tasks.create({ title: "Water the plants", recurrence: "FREQ=WEEKLY", due_on: "2026-03-10" });

  const watered = await tasks.complete(plants.id, { occurrence: 1, at: "2026-03-10T18:00:00Z" });
  const skipped = await tasks.skip(plants.id, { occurrence: 2, missed: "keep" });
  const back = await tasks.reopen(plants.id, { occurrence: 2 });

  assert.deepEqual([watered.task.due_on, watered.skipped], ["2026-03-17", 0]);
  assert.deepEqual([skipped.task.due_on, skipped.completion?.kind], ["2026-03-24", "skipped"]);
  assert.deepEqual([back.due_on, back.occurrence], ["2026-03-17", 4]);
  assert.deepEqual(await collected(tasks.completions.all(plants.id)), [watered.completion]);
  assert.deepEqual(await tasks.occurrences(plants.id, { limit: 1 }), ["2026-03-24"]);
});

test("lists are asked for by what is in them, a page at a time or all at once", async () => {
  const { tasks, tags } = client();
  for (const [title, priority] of [["a", "high"], ["b", "low"], ["c", null], ["d", "high"]] as const)
    await tasks.create({ title, priority, tags: [title, "all"] });

  const titles = (found: Task[]) => found.map((task) => task.title).join("");
  assert.equal(titles(await tasks.list()), "abcd");
  assert.equal(titles(await tasks.list({ priority: "high", sort: "-title" })), "da");
  assert.equal(titles(await tasks.list({ priority: ["low", "none"], tag: ["all"], cursor: undefined })), "bc");
  assert.equal(titles(await tasks.list({ overdue: true })), "");
  const first = await tasks.page({ limit: 3, count: true });
  assert.deepEqual([titles(first.items), first.total, typeof first.next], ["abc", 4, "string"]);
  const second = await tasks.page({ limit: 3, cursor: first.next! });
  assert.deepEqual([titles(second.items), second.total, second.next], ["d", null, null]);
  assert.equal(titles(await collected(tasks.all({ limit: 1, skip: 1, sort: "title" }))), "bcd");
  assert.deepEqual(await tags(), ["a", "all", "b", "c", "d"]);
});

test("many changes are made at once, or none of them", async () => {
  const { tasks } = client();
  const { id, version } = await tasks.create({ title: "Sleep" });

  const [made, changed, gone] = await tasks.batch([
    { op: "create", task: { title: "Paint the door" } },
    { op: "patch", id, patch: { title: "Sleep well" }, if_match: `"${version}"` },
    { op: "delete", id },
  ]);
  assert.deepEqual([made.task.title, changed.task.title, gone.status], ["Paint the door", "Sleep well", 204]);
  const none = tasks.batch([{ op: "create", task: { title: "Never" } }, { op: "delete", id: made.task.id, if_match: '"0"' }]);
  await assert.rejects(none, (error) => isTaskwardError(error, "version_mismatch") && error.operation === 1);
  assert.equal((await tasks.list()).length, 1);
});

test("the trash gives back, and ends for good", async () => {
  const { tasks, trash } = client();
  const [milk, door, bed] = [await tasks.create({ title: "Milk" }), await tasks.create({ title: "Door" }), await tasks.create({ title: "Bed" })];
  for (const { id } of [milk, door, bed]) assert.equal(await tasks.delete(id), undefined);

  const [last] = await trash.list({ limit: 1 });
  assert.deepEqual([last?.id, typeof last?.deleted_at], [bed.id, "string"]);
  assert.deepEqual((await collected(trash.all({ limit: 2 }))).map((task) => task.id), [bed.id, door.id, milk.id]);
  assert.equal((await trash.restore(milk.id)).title, "Milk");
  await trash.erase(door.id);
  await trash.empty();
  assert.deepEqual(await trash.list(), []);
  assert.deepEqual((await tasks.list()).map((task) => task.id), [milk.id]);
});

test("lists are made, found, changed and replaced", async () => {
  const { lists } = client();

  const errands = await lists.create({ name: "Errands", color: "#2E7D32" });
  assert.deepEqual([errands.name, errands.color, errands.uid], ["Errands", "#2e7d32", null]);
  assert.equal(await lists.find(errands.id, { ifNoneMatch: errands.version }), null);
  const shops = await lists.change(errands.id, { name: "Shops" }, { ifMatch: errands.version });
  assert.deepEqual([shops.name, shops.color, shops.position], ["Shops", "#2e7d32", errands.position]);
  const late = lists.change(errands.id, { name: "Late" }, { ifMatch: errands.version });
  await assert.rejects(late, (error) => isTaskwardError(error, "version_mismatch"));
  const town = await lists.replace(errands.id, { name: "Town" });
  assert.equal(town.color, null);
  assert.deepEqual(await lists.list(), [town]);
});

test("lists are moved, and deleted with their tasks, however many", async () => {
  const { lists, tasks } = client();
  const [errands, garden] = [await lists.create({ name: "Errands" }), await lists.create({ name: "Garden" })];
  await lists.move(garden.id, { before: errands.id });
  assert.deepEqual((await lists.list()).map((list) => list.name), ["Garden", "Errands"]);
  const task = { title: "Buy milk", list_id: errands.id };
  for (let batch = 0; batch < 11; batch++) await tasks.batch(Array.from({ length: 100 }, () => ({ op: "create", task })));

  await assert.rejects(lists.delete(errands.id), (error) => isTaskwardError(error, "list_not_empty"));
  assert.equal(await lists.delete(errands.id, { tasks: "inbox", ifMatch: errands.version, idempotencyKey: "away" }), undefined);
  // The same once more: what was done is answered again.
  await lists.delete(errands.id, { tasks: "inbox", ifMatch: errands.version, idempotencyKey: "away" });

  assert.deepEqual((await lists.list()).map((list) => list.name), ["Garden"]);
  assert.equal((await tasks.page({ list: "inbox", limit: 1, count: true })).total, 1100);
});

test("somebody leaves with all that they had", async () => {
  const { tasks, me } = client();
  await tasks.create({ title: "Milk" });

  await me.forget({ confirm: "everything" });

  assert.deepEqual(await tasks.list(), []);
});

test("what the application repeats by itself happens once", async () => {
  const { tasks } = client();
  const idempotencyKey = "milk/2026-03-10";

  const [first, again] = [await tasks.create({ title: "Milk" }, { idempotencyKey }), await tasks.create({ title: "Milk" }, { idempotencyKey })];

  assert.deepEqual(again, first);
});

test("the address may end with a slash, and two people meet nothing of each other", async () => {
  const [ann, bob] = [client({ url: `${API}/` }), client()];
  const { id } = await ann.tasks.create({ title: "Milk" });

  await assert.rejects(bob.tasks.find(id), (error) => isTaskwardError(error, "task_not_found"));
});

test("the token may come from a function, now or later", async () => {
  const [ann, bob] = [somebody(), somebody()];

  assert.deepEqual(await taskward({ url: API, token: () => ann }).tasks.list(), []);
  assert.deepEqual(await taskward({ url: API, token: async () => bob }).tasks.list(), []);
});

test("a list of more tasks than fit a call is deleted all the same, and once", async () => {
  const { tasks, lists, trash } = client();
  const { id, uid } = await lists.create({ name: "Home", uid: uuid() });
  for (let batch = 0; batch < 11; batch++)
    await tasks.batch(Array.from({ length: 100 }, (_, number) => ({ op: "create", task: { title: `${batch}/${number}`, list_id: id } })));

  await assert.rejects(lists.delete(id), (error) => isTaskwardError(error, "list_not_empty"));
  await lists.delete(uid!, { tasks: "trash", idempotencyKey: "home" });
  await lists.delete(uid!, { tasks: "trash", idempotencyKey: "home" });

  assert.deepEqual([await lists.list(), await tasks.list()], [[], []]);
  assert.equal((await collected(trash.all({ limit: 500 }))).length, 1100);
});
