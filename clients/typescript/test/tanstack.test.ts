// Collections of TanStack DB over the API: two devices of one person.

import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { createCollection } from "@tanstack/db";
import { isTaskwardError, type Task, taskward } from "@taskward/client";
import { type CollectionOptions, type Conflict, keyOf, newList, newTask, place, taskwardCollections } from "@taskward/client/tanstack";
import { eventually } from "./support/eventually.js";
import { API, somebody } from "./support/people.js";

/** One that has a copy of its own, over a line of its own. */
async function device(context: TestContext, token: string, { url = API, ...options }: Partial<CollectionOptions> & { url?: string } = {}) {
  const client = taskward({ url, token, backoff: () => 0.02 });
  const { tasks, lists } = taskwardCollections({ client, ...options });
  const made = { client, tasks: createCollection(tasks), lists: createCollection(lists) };
  await Promise.all([made.tasks.preload(), made.lists.preload()]);
  context.after(() => Promise.all([made.tasks.cleanup(), made.lists.cleanup()]));
  return made;
}

function titles({ tasks }: { tasks: { toArray: Task[] } }): string[] {
  return tasks.toArray.map((task) => task.title).sort();
}

test("what is there already, and what comes and goes elsewhere, is shown", async (context) => {
  const token = somebody();
  const elsewhere = taskward({ url: API, token });
  const [milk, salt] = [await elsewhere.tasks.create({ title: "Milk" }), await elsewhere.tasks.create({ title: "Salt" })];
  const home = await elsewhere.lists.create({ name: "Home" });

  const phone = await device(context, token);
  assert.deepEqual(titles(phone), ["Milk", "Salt"]);
  assert.deepEqual(phone.lists.toArray.map((list) => list.name), ["Home"]);

  await elsewhere.tasks.change(milk.id, { title: "Oat milk" });
  await elsewhere.tasks.delete(salt.id);
  await elsewhere.lists.change(home.id, { name: "House" });
  await elsewhere.tasks.create({ title: "Bread" });
  await eventually(() => titles(phone).join() === "Bread,Oat milk" && phone.lists.toArray[0]?.name === "House");
});

test("a write shows at once, and is what the API has made of it when it is done", async (context) => {
  const token = somebody();
  const [phone, laptop] = [await device(context, token), await device(context, token)];

  const milk = newTask({ title: "Milk" });
  const inserted = phone.tasks.insert(milk);
  assert.equal(phone.tasks.get(milk.uid!)?.title, "Milk");
  const updated = phone.tasks.update(milk.uid!, (task) => void (task.title = "Oat milk"));
  assert.equal(phone.tasks.get(milk.uid!)?.title, "Oat milk");
  await Promise.all([inserted.isPersisted.promise, updated.isPersisted.promise]);

  const shown = phone.tasks.get(milk.uid!)!;
  assert(shown.id > 0 && shown.version > 0);
  const told = await phone.client.tasks.find(shown.id);
  assert.deepEqual([shown.title, shown.version, shown.created_at], [told.title, told.version, told.created_at]);
  await eventually(() => titles(laptop).join() === "Oat milk");

  const deleted = laptop.tasks.delete(milk.uid!);
  assert.deepEqual(titles(laptop), []);
  await deleted.isPersisted.promise;
  await eventually(() => titles(phone).length === 0);
});

test("a task is moved into a list that is as new as itself", async (context) => {
  const phone = await device(context, somebody());
  const [home, milk] = [newList({ name: "Home" }), newTask({ title: "Milk" })];
  await phone.lists.insert(home).isPersisted.promise;
  await phone.tasks.insert(milk).isPersisted.promise;

  const { id } = phone.lists.get(home.uid!)!;
  const moved = phone.tasks.update(milk.uid!, (task) => {
    task.list_id = id;
    task.title = "Oat milk";
  });
  await moved.isPersisted.promise;

  const { list_id, title } = await phone.client.tasks.find(milk.uid!);
  assert.deepEqual([list_id, title], [id, "Oat milk"]);
});

test("tasks are put in order, and shown there at once", async (context) => {
  const token = somebody();
  const [phone, laptop] = [await device(context, token), await device(context, token)];
  const order = ({ tasks }: typeof phone) =>
    tasks.toArray.sort((one, other) => (one.position < other.position ? -1 : one.position > other.position ? 1 : one.id - other.id));
  const shown = (device: typeof phone) => order(device).map((task) => task.title).join("");
  const put = (title: string, index: number) => {
    const others = order(phone).filter((task) => task.title !== title);
    const key = keyOf(order(phone).find((task) => task.title === title)!);
    return phone.tasks.update(key, (task) => place(task, others[index - 1], others[index])).isPersisted.promise;
  };
  await Promise.all([..."abcd"].map((title) => phone.tasks.insert(newTask({ title })).isPersisted.promise));
  assert.equal(shown(phone), "abcd");

  for (const [title, index, expected] of [["d", 0, "dabc"], ["a", 3, "dbca"], ["c", 1, "dcba"], ["a", 3, "dcba"]] as const) {
    const written = put(title, index);
    assert.equal(shown(phone), expected);
    await written;
    assert.equal(shown(phone), expected);
  }
  await Promise.all([put("a", 0), put("b", 0), put("c", 0)]);
  assert.equal(shown(phone), "cbad");

  assert.equal((await phone.client.tasks.list({ sort: "position", list: "inbox" })).map((task) => task.title).join(""), "cbad");
  await eventually(() => shown(laptop) === "cbad");
  assert(phone.tasks.toArray.every((task) => task.place === undefined));
});

test("a list is moved behind another", async (context) => {
  const phone = await device(context, somebody());
  const made = ["Home", "Work"].map((name) => newList({ name }));
  for (const list of made) await phone.lists.insert(list).isPersisted.promise;

  await phone.lists.update(made[0]!.uid!, (list) => place(list, phone.lists.get(made[1]!.uid!), undefined)).isPersisted.promise;

  assert.deepEqual((await phone.client.lists.list()).map((list) => list.name), ["Work", "Home"]);
});

test("what the API refuses is taken back", async (context) => {
  const phone = await device(context, somebody());
  const milk = newTask({ title: "Milk" });
  await phone.tasks.insert(milk).isPersisted.promise;

  const wrong = phone.tasks.update(milk.uid!, (task) => void (task.title = ""));
  assert.equal(phone.tasks.get(milk.uid!)?.title, "");

  await assert.rejects(wrong.isPersisted.promise, (error) => isTaskwardError(error, "validation_failed"));
  assert.equal(phone.tasks.get(milk.uid!)?.title, "Milk");
});

/** A phone that has the task and does not hear what becomes of it elsewhere. */
async function apart(context: TestContext, options: Partial<CollectionOptions> = {}) {
  const token = somebody();
  const elsewhere = taskward({ url: API, token });
  const { id } = await elsewhere.tasks.create({ title: "Milk", priority: "low" });
  let isDeaf = false;
  const line: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (isDeaf && String(input).includes("/changes")) throw new TypeError("no line");
    return answer;
  };
  const client = taskward({ url: API, token, backoff: () => 0.02, fetch: line });
  const phone = createCollection(taskwardCollections({ client, ...options }).tasks);
  await phone.preload();
  context.after(() => phone.cleanup());
  return { elsewhere, id, key: String(id), phone, deafen: () => (isDeaf = true) };
}

test("fields that only one side has changed are merged", async (context) => {
  const { elsewhere, id, key, phone, deafen } = await apart(context);
  deafen();
  await elsewhere.tasks.change(id, { priority: "high", description: "two litres" });

  await phone.update(key, (task) => void (task.title = "Oat milk")).isPersisted.promise;

  const task = await elsewhere.tasks.find(id);
  assert.deepEqual([task.title, task.priority, task.description], ["Oat milk", "high", "two litres"]);
});

test("a field that both sides have changed is the application's to decide, with three values", async (context) => {
  const conflicts: Conflict<"task">[] = [];
  const { elsewhere, id, key, phone, deafen } = await apart(context, {
    onConflict(conflict) {
      assert(conflict.kind === "task");
      conflicts.push(conflict);
      return { title: `${conflict.mine.title} (${conflict.theirs.title})` };
    },
  });
  deafen();
  await elsewhere.tasks.change(id, { title: "Cream", status: "InProgress" });

  await phone.update(key, (task) => void Object.assign(task, { title: "Oat milk", status: "InProgress", priority: "high" })).isPersisted.promise;

  const task = await elsewhere.tasks.find(id);
  assert.deepEqual([task.title, task.status, task.priority], ["Oat milk (Cream)", "InProgress", "high"]);
  assert.deepEqual(conflicts.map(({ was, mine, theirs, fields }) => [was.title, mine.title, theirs.title, fields]), [["Milk", "Oat milk", "Cream", ["title"]]]);
});

for (const [whose, title] of [["mine", "Oat milk"], ["theirs", "Cream"]] as const)
  test(`${whose} may win`, async (context) => {
    const { elsewhere, id, key, phone, deafen } = await apart(context, { onConflict: (conflict) => conflict[whose] });
    deafen();
    await elsewhere.tasks.change(id, { title: "Cream" });

    await phone.update(key, (task) => void Object.assign(task, { title: "Oat milk", priority: "high" })).isPersisted.promise;

    const task = await elsewhere.tasks.find(id);
    assert.deepEqual([task.title, task.priority], [title, "high"]);
    assert.equal(phone.get(key)?.title, title);
  });

test("without a word of the application theirs stays", async (context) => {
  const { elsewhere, id, key, phone, deafen } = await apart(context);
  deafen();
  await elsewhere.tasks.change(id, { due_at: "2026-03-10T17:00:00Z" });

  const changed = phone.update(key, (task) => void (task.due_on = "2026-03-11"));

  await assert.rejects(changed.isPersisted.promise, (error) => isTaskwardError(error, "version_mismatch") && /due_on/.test(error.detail));
  assert.equal(phone.get(key)?.due_on, null);
  assert.equal((await elsewhere.tasks.find(id)).due_on, null);
});

test("what is deleted here goes to the trash as the others have left it", async (context) => {
  const { elsewhere, id, key, phone, deafen } = await apart(context);
  deafen();
  await elsewhere.tasks.change(id, { title: "Cream" });

  await phone.delete(key).isPersisted.promise;

  assert.equal(phone.has(key), false);
  assert.deepEqual((await elsewhere.trash.list()).map((task) => task.title), ["Cream"]);
});

test("changes of one row one after the other are no conflict", async (context) => {
  const phone = await device(context, somebody());
  const milk = newTask({ title: "0" });
  const writes = [phone.tasks.insert(milk)];
  for (let number = 1; number <= 5; number++) writes.push(phone.tasks.update(milk.uid!, (task) => void (task.title = String(number))));

  await Promise.all(writes.map((write) => write.isPersisted.promise));

  assert.equal((await phone.client.tasks.find(milk.uid!)).title, "5");
  assert.deepEqual(titles(phone), ["5"]);
});

test("what has been written never shows an older state again", async (context) => {
  const phone = await device(context, somebody());
  const milk = newTask({ title: "0" });
  const shown: string[] = [];
  phone.tasks.subscribeChanges((changes) => shown.push(...changes.map(({ type, value }) => (type === "delete" ? "gone" : value.title))));
  await phone.tasks.insert(milk).isPersisted.promise;

  for (let number = 1; number <= 20; number++) await phone.tasks.update(milk.uid!, (task) => void (task.title = String(number))).isPersisted.promise;
  await phone.client.tasks.create({ title: "the last that is told" });
  await eventually(() => shown.includes("the last that is told"));

  const numbers = shown.filter((title) => title !== "the last that is told");
  assert.deepEqual([...new Set(numbers)], Array.from({ length: 21 }, (_, number) => String(number)));
  assert.deepEqual(numbers, [...numbers].sort((one, other) => Number(one) - Number(other)));
});

test("after a reset the copy is another, and nobody sees half of it", async (context) => {
  const token = somebody();
  const events: string[] = [];
  const phone = await device(context, token, { onEvent: ({ type }) => events.push(type) });
  for (const title of ["Milk", "Salt"]) await phone.client.tasks.create({ title });
  await eventually(() => titles(phone).length === 2);
  const seen = new Set<string>();
  phone.tasks.subscribeChanges(() => seen.add(titles(phone).join()));

  await phone.client.me.forget({ confirm: "everything" });
  await phone.client.tasks.batch(["Bread", "Butter"].map((title) => ({ op: "create", task: { title } })));

  await eventually(() => titles(phone).join() === "Bread,Butter");
  assert(events.includes("reset"));
  assert([...seen].every((shown) => !shown || shown.split(",").length === 2), [...seen].join("; "));
});

test("what does not pass is told, and the copy goes on when it is resumed", async (context) => {
  const token = somebody();
  const elsewhere = taskward({ url: API, token });
  await elsewhere.tasks.create({ title: "Milk" });
  let isSignedIn = true;
  const client = taskward({
    url: API,
    token,
    fetch: (input, init) => fetch(input, isSignedIn ? init : { ...init, headers: { Authorization: "Bearer of.no.token" } }),
  });
  const failures: unknown[] = [];
  const collections = taskwardCollections({ client, onEvent: (event) => event.type === "failed" && failures.push(event.error) });
  const tasks = createCollection(collections.tasks);
  context.after(() => tasks.cleanup());

  isSignedIn = false;
  await assert.rejects(tasks.preload(), (error) => isTaskwardError(error, "token_invalid"));
  assert(isTaskwardError(failures[0], "token_invalid"));

  isSignedIn = true;
  collections.resume();
  await eventually(() => tasks.size === 1);
  assert.equal(tasks.status, "ready");
});
