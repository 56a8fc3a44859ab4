// A copy in step: what is told, in which order, and what becomes of it when the line or the token fails.

import assert from "node:assert/strict";
import test from "node:test";
import { type ChangesEvent, type ChangesOptions, isTaskwardError, type Taskward } from "@taskward/client";
import { eventually } from "./support/eventually.js";
import { API, client as quickClient, somebody } from "./support/people.js";
import { gateway, page, type Scripted } from "./support/proxies.js";

const client = (options: Parameters<typeof quickClient>[0] = {}) => quickClient({ backoff: () => 0.02, ...options });

/** Titles of tasks by their ids, as an application would keep them; and what it was told. */
function copyOf(of: Taskward, options: ChangesOptions = {}) {
  const kept = new Map<number, string>();
  const events: ChangesEvent[] = [];
  const ending = new AbortController();
  const signal = options.signal ?? ending.signal;
  const ended = (async () => {
    for await (const event of of.changes({ ...options, signal })) {
      events.push(event);
      if (event.type === "reset") kept.clear();
      if (event.type !== "changes") continue;
      for (const change of event.changes) {
        if (change.kind !== "task") continue;
        if (change.op === "put") kept.set(change.task.id, change.task.title);
        else kept.delete(change.id);
      }
    }
  })();
  ended.catch(() => {});
  const pages = () => events.filter((event) => event.type === "changes");
  return { kept, events, pages, ended, end: () => ending.abort(), shows: (...titles: string[]) => [...kept.values()].sort().join() === titles.sort().join() };
}

test("a first copy comes page by page, and then what happens", async () => {
  const of = client();
  const made = await of.tasks.batch(["a", "b", "c"].map((title) => ({ op: "create", task: { title } })));

  const copy = copyOf(of, { limit: 2 });
  await eventually(() => copy.pages().some(({ more }) => !more));
  assert(copy.shows("a", "b", "c"));
  assert(copy.pages().length >= 2);

  await of.tasks.change(made[0]!.op === "create" ? made[0]!.task.id : 0, { title: "A" });
  await eventually(() => copy.shows("A", "b", "c"));
  const { id } = await of.tasks.create({ title: "d" });
  await eventually(() => copy.shows("A", "b", "c", "d"));
  await of.tasks.delete(id);
  await eventually(() => copy.shows("A", "b", "c"));
  await of.trash.restore(id);
  await eventually(() => copy.shows("A", "b", "c", "d"));

  copy.end();
  await assert.rejects(copy.ended, { name: "AbortError" });
});

test("a change is told when it happens, and a wait that has nothing to tell begins again", async (context) => {
  const token = somebody();
  const { url, asked } = await gateway(context, API);
  const copy = copyOf(client({ url, token }), { wait: 1 });
  await eventually(() => asked.length >= 4);
  const events = copy.events.length;

  await client({ token }).tasks.create({ title: "a" });
  await eventually(() => copy.shows("a"));

  assert.equal(events, 1);
  const pauses = asked.slice(2, 4).map(({ at }, index) => at - asked[index + 1]!.at);
  assert(pauses.every((pause) => pause > 900), pauses.join());
  copy.end();
});

test("a copy goes on from where it was, and ends when it is in step", async () => {
  const of = client();
  await of.tasks.create({ title: "a" });
  const first = copyOf(of, { wait: 0 });
  await first.ended;
  const { next, more } = first.pages().at(-1)!;
  assert.deepEqual([[...first.kept.values()], more], [["a"], false]);

  await of.tasks.create({ title: "b" });
  const second = copyOf(of, { wait: 0, since: next });
  await second.ended;

  assert.deepEqual([...second.kept.values()], ["b"]);
});

test("tasks that were done long ago may be left out", async () => {
  const of = client();
  await of.tasks.create({ title: "old", status: "Done", completed_at: "2026-01-05T12:00:00Z" });
  await of.tasks.create({ title: "new" });

  const copy = copyOf(of, { wait: 0, done_since: "2026-02-01" });
  await copy.ended;

  assert.deepEqual([...copy.kept.values()], ["new"]);
});

test("a token of no use is told as a reset, and a first copy follows", async () => {
  const of = client();
  await of.tasks.create({ title: "a" });
  const before = copyOf(of, { wait: 0 });
  await before.ended;
  const { next } = before.pages().at(-1)!;
  await of.me.forget({ confirm: "everything" });
  await of.tasks.create({ title: "b" });

  const forgotten = copyOf(of, { wait: 0, since: next });
  await forgotten.ended;
  const invented = copyOf(of, { wait: 0, since: "invented" });
  await invented.ended;

  for (const [copy, code] of [[forgotten, "sync_reset"], [invented, "cursor_invalid"]] as const) {
    const [reset] = copy.events;
    assert(reset?.type === "reset" && reset.error.code === code, JSON.stringify(reset));
    assert.deepEqual([...copy.kept.values()], ["b"]);
  }
});

test("a server that is away for long is waited for, and told once", async (context) => {
  const token = somebody();
  const away = Array.from({ length: 20 }, () => page(502));
  const { url } = await gateway(context, API, ...away);
  const copy = copyOf(client({ url, token }));

  await eventually(() => copy.pages().some(({ more }) => !more));
  await client({ token }).tasks.create({ title: "a" });
  await eventually(() => copy.shows("a"));

  assert.deepEqual(copy.events.filter(({ type }) => type === "interrupted").length, 1);
  copy.end();
});

test("a copy that goes on is told at once that it is in step, also when nothing is new", async () => {
  const token = somebody();
  const before = copyOf(client({ token }), { wait: 0 });
  await before.ended;
  const { next } = before.pages().at(-1)!;
  const asked: string[] = [];
  const line: typeof fetch = (input, init) => (asked.push(String(input)), fetch(input, init));

  const copy = copyOf(client({ token, fetch: line }), { since: next });

  await eventually(() => copy.pages().length === 1 && asked.length === 2);
  assert.deepEqual(copy.events, [{ type: "changes", changes: [], next, more: false }]);
  assert.deepEqual(asked.map((url) => new URL(url).searchParams.get("wait")), ["0", "25"]);
  copy.end();
});

test("a server that is back is told at once, also when nothing is new", async (context) => {
  const token = somebody();
  const before = copyOf(client({ token }), { wait: 0 });
  await before.ended;
  const { url } = await gateway(context, API, page(502));
  const asked: string[] = [];
  const line: typeof fetch = (input, init) => (asked.push(String(input)), fetch(input, init));
  const copy = copyOf(client({ url, token, retries: 0, fetch: line }), { since: before.pages().at(-1)!.next });

  await eventually(() => copy.pages().length === 1);

  assert.deepEqual(copy.events.map(({ type }) => type), ["interrupted", "changes"]);
  assert.match(asked[1]!, /wait=0/);
  copy.end();
});

test("an answer of something else is waited for as if there was none", async (context) => {
  const token = somebody();
  await client({ token }).tasks.create({ title: "a" });
  const nonsense = ["{}", "null", "[]", '{"changes": []}'].map((body): Scripted => (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(body);
  });
  const { url } = await gateway(context, API, ...nonsense);
  const copy = copyOf(client({ url, token }));

  await eventually(() => copy.shows("a"));

  assert.deepEqual(copy.events.map(({ type }) => type), ["interrupted", "changes"]);
  copy.end();
});

test("a token that cannot be had without a line is waited for, and told once", async (context) => {
  const token = somebody();
  const { url } = await gateway(context, API, (response) => response.destroy(), page(502), (response) => response.destroy());
  const copy = copyOf(client({ retries: 0, token: async () => ((await (await fetch(`${url}/health`)).json()).status === "ok" ? token : "") }));

  await eventually(() => copy.pages().length === 1);

  assert.deepEqual(copy.events.map(({ type }) => type), ["interrupted", "changes"]);
  const [interrupted] = copy.events;
  assert(interrupted?.type === "interrupted" && interrupted.error.code === "unreachable" && interrupted.error.cause instanceof TypeError);
  copy.end();
});

test("a mistake in the token function is thrown", async () => {
  const mistaken = copyOf(client({ token: () => (undefined as unknown as { token: string }).token }));
  await assert.rejects(mistaken.ended, TypeError);
});

test("what does not pass is thrown", async () => {
  const copy = copyOf(client({ token: "none" }));
  await assert.rejects(copy.ended, (error) => isTaskwardError(error, "token_invalid"));

  const short = copyOf(client({ url: "http://127.0.0.1:1", retries: 0 }), { wait: 0 });
  await assert.rejects(short.ended, (error) => isTaskwardError(error, "unreachable"));
});

test("a call that the server lets not wait is not repeated in a rush", async (context) => {
  const pauses: number[] = [];
  const nothing: Scripted = (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ changes: [], next: "a", more: false }));
  };
  const { url } = await gateway(context, API, ...Array.from({ length: 9 }, () => nothing));
  const copy = copyOf(client({ url, backoff: (attempt) => (pauses.push(attempt), 0.01) }), { since: "a" });

  await eventually(() => pauses.length >= 8);

  copy.end();
  assert.deepEqual(pauses.slice(0, 8), [1, 2, 3, 4, 5, 6, 6, 6]);
  assert.deepEqual(copy.events.map((event) => event.type === "changes" && event.changes), [[]]); // that the copy is in step
});

test("while much is written it is not asked for each change, and the first one after a rest is told at once", async (context) => {
  const pauses: number[] = [];
  let version = 0;
  const news: Scripted = (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ changes: [], next: String(++version), more: version === 6 }));
  };
  const rest: Scripted = (response, request) => setTimeout(() => news(response, request), 1000);
  const { url } = await gateway(context, API, ...Array.from({ length: 9 }, () => news), rest, news);
  const copy = copyOf(client({ url, backoff: (attempt) => (pauses.push(attempt), 0.01) }), { since: "a" });

  await eventually(() => copy.pages().length === 11);

  copy.end();
  assert.deepEqual(pauses, [1, 2, 3, 4, 4]);
});
