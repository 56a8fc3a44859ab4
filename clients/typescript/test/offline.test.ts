// Writes that are kept while there is no line, and over a restart: with TanStack's offline transactions.

import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { createCollection } from "@tanstack/db";
import { NonRetriableError, startOfflineExecutor, type StorageAdapter } from "@tanstack/offline-transactions";
import { taskward } from "@taskward/client";
import { newTask, taskwardCollections } from "@taskward/client/tanstack";
import { eventually } from "./support/eventually.js";
import { API, collected, somebody } from "./support/people.js";
import { breakingLine, randomFrom } from "./support/proxies.js";

/** What a device has, and keeps over a restart. */
function disk(): StorageAdapter {
  const kept = new Map<string, string>();
  return {
    get: async (key) => kept.get(key) ?? null,
    set: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
    keys: async () => [...kept.keys()],
    clear: async () => kept.clear(),
  };
}

interface Started {
  url: string;
  token: string;
  storage: StorageAdapter;
  line: { isThere: boolean };
}

/** The application, as it starts on a device. */
async function start(context: TestContext, { url, token, storage, line }: Started) {
  const told = new Set<() => void>();
  const client = taskward({
    url,
    token,
    retries: 50,
    backoff: () => 0.01,
    fetch: (input, init) => (line.isThere ? fetch(input, init) : Promise.reject(new TypeError("no line"))),
  });
  const collections = taskwardCollections({ client });
  const tasks = createCollection(collections.tasks);
  tasks.startSyncImmediate();
  const executor = startOfflineExecutor({
    collections: { tasks },
    mutationFns: { write: collections.writing(NonRetriableError) },
    storage,
    jitter: false,
    onlineDetector: {
      subscribe: (callback) => (told.add(callback), () => void told.delete(callback)),
      notifyOnline: () => told.forEach((callback) => callback()),
      isOnline: () => line.isThere,
      dispose: () => told.clear(),
    },
    leaderElection: {
      requestLeadership: async () => true,
      releaseLeadership: () => {},
      isLeader: () => true,
      onLeadershipChange: () => () => {},
    },
  });
  await executor.waitForInit();
  const write = (change: () => void) => executor.createOfflineTransaction({ mutationFnName: "write" }).mutate(change);
  const end = async () => {
    executor.dispose();
    await tasks.cleanup();
  };
  context.after(end);
  return { tasks, executor, write, end };
}

test("300 writes without a line and a restart later, every effect happens exactly once", async (context) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  context.mock.method(console, "warn", () => {});
  const random = randomFrom(seed);
  const { url, counted } = await breakingLine(context, API, () => ({ requests: 1500 + random() * 4000, answers: 1500 + random() * 4000 }));
  const device = { url, token: somebody(), storage: disk(), line: { isThere: false } };

  const before = await start(context, device);
  const expected: string[] = [];
  for (let number = 0; number < 120; number++) {
    const task = newTask({ title: `${number}` });
    const key = task.uid!;
    before.write(() => before.tasks.insert(task));
    before.write(() => before.tasks.update(key, (draft) => void (draft.title = `${number} changed`)));
    if (number % 2) before.write(() => before.tasks.delete(key));
    else expected.push(`${number} changed`);
  }
  assert.equal(before.tasks.size, expected.length);
  await eventually(() => before.executor.getPendingCount() === 300);
  await before.end();

  const after = await start(context, device);
  assert.equal(after.tasks.size, expected.length, "what was written before the restart is not shown");
  device.line.isThere = true;
  after.executor.getOnlineDetector().notifyOnline();
  await eventually(() => after.executor.getPendingCount() === 0);

  const found = await collected(taskward({ url: API, token: device.token }).tasks.all());
  assert.deepEqual(found.map((task) => task.title).sort(), expected.sort());
  await eventually(() => after.tasks.size === expected.length && [...after.tasks.values()].every((task) => task.version > 0));
  assert(counted.broken > 10, `only ${counted.broken} connections broke`);
});

test("what the API refuses for good is taken back, and what comes after it goes on", async (context) => {
  context.mock.method(console, "warn", () => {});
  context.mock.method(console, "error", () => {});
  const device = { url: API, token: somebody(), storage: disk(), line: { isThere: true } };
  const { tasks, executor, write } = await start(context, device);
  await tasks.preload();

  const wrong = executor.createOfflineTransaction({ mutationFnName: "write", autoCommit: false });
  wrong.mutate(() => tasks.insert(newTask({ title: "" })));
  await assert.rejects(wrong.commit(), NonRetriableError);
  write(() => tasks.insert(newTask({ title: "Milk" })));

  await eventually(() => executor.getPendingCount() === 0);
  await eventually(() => [...tasks.values()].map((task) => task.title).join() === "Milk");
});
