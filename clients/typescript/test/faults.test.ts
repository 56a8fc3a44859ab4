// Lines that break, gateways that answer by themselves, servers that are busy.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import test from "node:test";
import { isTaskwardError, taskward, type TaskwardError } from "@taskward/client";
import { API, client, collected, given, somebody } from "./support/people.js";
import { breakingLine, gateway, page, problem, randomFrom } from "./support/proxies.js";

test("whatever byte a request or an answer is cut at, every effect happens exactly once", async (context) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  const random = randomFrom(seed);
  const plan = () => ({ requests: Math.floor(random() * 2500), answers: Math.floor(random() * 2500) });
  const { url, counted } = await breakingLine(context, API, plan);
  const token = somebody();
  const { tasks } = client({ url, token, retries: 100 });

  const effects = 40;
  await Promise.all([0, 1, 2].map(async (writer) => {
    for (let number = 0; number < effects; number++) {
      const made = await tasks.create({ title: `${writer}/${number}` });
      // Happening twice, the second would be refused for its version.
      const changed = await tasks.change(made.id, { description: "changed" }, { ifMatch: made.version });
      if (number % 2) await tasks.delete(made.id, { ifMatch: changed.version });
    }
  }));

  const found = await collected(client({ token }).tasks.all());
  const expected = [0, 1, 2].flatMap((writer) => Array.from({ length: effects / 2 }, (_, half) => `${writer}/${2 * half}`));
  assert.deepEqual(found.map((task) => task.title).sort(), expected.sort());
  assert(found.every((task) => task.description === "changed"));
  assert(counted.broken > effects, `only ${counted.broken} connections broke`);
  assert(counted.replayed > 0, "no answer was lost after its effect");
});

for (const [status, code] of [[429, "rate_limited"], [503, "overloaded"], [503, "database_unavailable"]] as const)
  test(`${code} is repeated after the time that it names, with the same key`, async (context) => {
    const { url, asked } = await gateway(context, API, problem(status, code, { "Retry-After": "1" }));

    const { title } = await client({ url }).tasks.create({ title: "Milk" });

    assert.equal(title, "Milk");
    assert.equal(asked.length, 2);
    assert(asked[1]!.at - asked[0]!.at >= 995, `after ${asked[1]!.at - asked[0]!.at} ms`);
    const [first, second] = asked.map(({ headers }) => headers["idempotency-key"]);
    assert.match(String(first), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(second, first);
  });

test("a date in Retry-After is a time too", async (context) => {
  const later = new Date(Date.now() + 2000).toUTCString(); // whole seconds
  const { url, asked } = await gateway(context, API, problem(503, "overloaded", { "Retry-After": later }));

  await client({ url }).tasks.list();

  assert.equal(asked.length, 2);
  assert(Date.now() >= Date.parse(later) - 10);
});

test("each write has a key of its own, and a read has none", async (context) => {
  const { url, asked } = await gateway(context, API);
  const { tasks } = client({ url });
  await tasks.create({ title: "Milk" });
  await tasks.create({ title: "Milk" });
  await tasks.list();

  const keys = asked.map(({ headers }) => headers["idempotency-key"]);

  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], undefined);
});

test("attempts have an end, and the last refusal is told", async (context) => {
  const { url, asked } = await gateway(context, API, ...Array.from({ length: 9 }, () => problem(503, "overloaded")));

  await assert.rejects(client({ url, retries: 3 }).tasks.list(), (error) => isTaskwardError(error, "overloaded") && error.status === 503);

  assert.equal(asked.length, 4);
});

test("whoever is to wait for an hour is told at once", async (context) => {
  const { url, asked } = await gateway(context, API, problem(429, "rate_limited", { "Retry-After": "3600" }));

  await assert.rejects(client({ url }).tasks.list(), (error: TaskwardError) => error.retryAfterSeconds === 3600);

  assert.equal(asked.length, 1);
});

test("what is refused for good is not repeated", async (context) => {
  const { url, asked } = await gateway(context, API, problem(500, "internal_error"), problem(401, "token_invalid"));
  const { tasks } = client({ url, token: () => somebody() });

  await assert.rejects(tasks.create({ title: "Milk" }), (error) => isTaskwardError(error, "internal_error"));
  await assert.rejects(tasks.create({ title: "Milk" }), (error) => isTaskwardError(error, "token_invalid"));

  assert.equal(asked.length, 2);
});

test("a gateway without a server behind it, or a page of a hotel's network, passes", async (context) => {
  const { url, asked } = await gateway(context, API, page(502), page(504), page(200));

  assert.equal((await client({ url }).tasks.create({ title: "Milk" })).title, "Milk");

  assert.equal(asked.length, 4);
});

test("a gateway that stays without a server is told as what it is", async (context) => {
  const { url } = await gateway(context, API, page(502), page(502));

  await assert.rejects(client({ url, retries: 1 }).tasks.list(), (error) => {
    assert(isTaskwardError(error, "unexpected_answer"));
    assert.equal(error.status, 502);
    assert.match(error.detail, /^The address answered 502 without/);
    return true;
  });
});

test("another program at the address is told, and a redirect is not followed", async (context) => {
  const { url, asked } = await gateway(context, API, page(404), page(301, { Location: "/elsewhere" }));
  const { tasks } = client({ url });

  await assert.rejects(tasks.create({ title: "Milk" }), (error) => isTaskwardError(error, "unexpected_answer") && error.status === 404);
  await assert.rejects(tasks.create({ title: "Milk" }), (error) => isTaskwardError(error, "unexpected_answer") && /redirect/.test(error.detail));

  assert.equal(asked.length, 2);
});

test("nobody at the address is unreachable, with the reason", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");

  await assert.rejects(client({ url: `http://127.0.0.1:${port}`, retries: 2 }).tasks.list(), (error) => {
    assert(isTaskwardError(error, "unreachable"));
    assert.equal(error.status, 0);
    assert(error.cause instanceof Error);
    return true;
  });
});

test("an AbortSignal ends a wait for the next attempt", async (context) => {
  const { url, asked } = await gateway(context, API, problem(503, "overloaded", { "Retry-After": "50" }));
  const ending = new AbortController();
  const call = client({ url }).tasks.list({ signal: ending.signal });
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  setTimeout(() => ending.abort(new Error("the page was left")), 50);

  await assert.rejects(call, /^Error: the page was left$/);

  assert.equal(asked.length, 1);
});

test("an AbortSignal ends a request in flight, one that waits for its token, and one that has not begun", async (context) => {
  const { url, asked } = await gateway(context, API, () => {});
  const ending = new AbortController();
  const inFlight = client({ url }).tasks.create({ title: "Milk" }, { signal: ending.signal });
  const withoutToken = client({ url, token: () => new Promise<string>(() => {}) }).tasks.list({ signal: ending.signal });
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  ending.abort();

  for (const call of [inFlight, withoutToken, client({ url }).tasks.list({ signal: ending.signal })])
    await assert.rejects(call, { name: "AbortError" });

  assert.equal(asked.length, 1);
});

test("a line that has died without a word is given up, and the call repeated", async (context) => {
  const { url, asked } = await gateway(context, API, () => {}, () => {});

  const { title } = await client({ url, timeout: 1, retries: 20 }).tasks.create({ title: "Milk" });

  assert.equal(title, "Milk");
  assert(asked.length >= 3);
  assert.equal(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size, 1);
});

test("the time between attempts grows when the API names none", async (context) => {
  const { url, asked } = await gateway(context, API, problem(503, "overloaded"), problem(503, "overloaded"));

  await taskward({ url, token: somebody() }).tasks.list();

  const [first, second, third] = asked.map(({ at }) => at);
  assert(second! - first! >= 120 && third! - second! >= 245, `${first} ${second} ${third}`);
});

test("the application's own fetch is taken", async () => {
  const seen: string[] = [];
  const own: typeof fetch = (input, init) => (seen.push(`${init?.method} ${String(input).replace(API, "")}`), fetch(input, init));

  await client({ fetch: own }).tasks.list({ tag: ["a & b", "ü"], limit: 3 });

  assert.deepEqual(seen, ["GET /tasks?tag=a+%26+b&tag=%C3%BC&limit=3"]);
  assert.notEqual(given("API"), "");
});

test("a token that cannot be had without a line is asked for again, in the words of every browser", async () => {
  const token = somebody();
  const words = {
    Chromium: ["Failed to fetch", "network error"],
    Firefox: ["NetworkError when attempting to fetch resource.", "Error in input stream"],
    Safari: ["Load failed", "The network connection was lost.", "The Internet connection appears to be offline."],
    Node: ["fetch failed", "terminated"],
    "React Native": ["Network request failed"],
  };
  const failures: unknown[] = [...Object.values(words).flat().map((each) => new TypeError(each)), new DOMException("Late.", "TimeoutError")];
  const all = failures.length;
  const ask = () => {
    if (failures.length) throw failures.shift();
    return token;
  };

  await client({ token: ask, retries: all }).tasks.list();

  failures.push(new TypeError("fetch failed"));
  const once = client({ token: ask, retries: 0 }).tasks.list();
  await assert.rejects(once, (error) => isTaskwardError(error, "unreachable") && error.cause instanceof TypeError);
  for (const mistake of [new TypeError("Cannot read properties of undefined (reading 'fetch')"), new Error("fetch failed")]) {
    failures.push(mistake);
    await assert.rejects(client({ token: ask }).tasks.list(), mistake);
  }
});
