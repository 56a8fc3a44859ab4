// Refusals of the API, as the application meets them.

import assert from "node:assert/strict";
import test from "node:test";
import { isTaskwardError, taskward, TaskwardError } from "@taskward/client";
import { API, client, given, somebody } from "./support/people.js";

async function refused(call: Promise<unknown>): Promise<TaskwardError> {
  const error = await call.then(() => assert.fail("It was not refused."), (error: unknown) => error);
  assert(error instanceof TaskwardError, String(error));
  return error;
}

test("a refusal has its code, its sentence and the id under which the log has it", async () => {
  const error = await refused(client().tasks.find(2 ** 53 - 1));

  assert.deepEqual([error.status, error.code, error.detail, error.message], [404, "task_not_found", error.message, error.detail]);
  assert.match(error.detail, /^[A-Z].*\.$/);
  assert.match(error.requestId ?? "", /./);
  assert.deepEqual([error.name, error.errors, error.operation], ["TaskwardError", [], undefined]);
});

test("a wrong body is told field by field", async () => {
  const error = await refused(client().tasks.create({ title: "", tags: ["a", "a"] }));

  assert.equal(error.code, "validation_failed");
  assert.deepEqual(error.errors.map(({ loc }) => loc.slice(0, 2)), [["body", "title"], ["body", "tags"]]);
});

test("a change that is based on an old version is refused", async () => {
  const { tasks } = client();
  const { id, version } = await tasks.create({ title: "Milk" });
  await tasks.change(id, { title: "Oat milk" });

  const error = await refused(tasks.delete(id, { ifMatch: version }));

  assert(isTaskwardError(error, "precondition_required", "version_mismatch"));
  const code: "precondition_required" | "version_mismatch" = error.code;
  assert.equal(code, "version_mismatch");
  assert.equal(isTaskwardError(error, "task_not_found"), false);
  assert.equal(isTaskwardError(new Error("another")), false);
});

test("an expired token is renewed once, for all calls that have it", async () => {
  const answers = [given("EXPIRED"), given("RENEWED")];
  let asked = 0;
  const { tasks } = client({ token: async () => answers[asked++]! });

  const made = await Promise.all(["a", "b", "c", "d"].map((title) => tasks.create({ title })));

  assert.equal(asked, 2);
  assert.equal((await tasks.list()).length, made.length);
});

test("a token that stays expired is told, after one attempt to renew it", async () => {
  let asked = 0;
  const token = () => (asked++, given("EXPIRED"));

  assert.equal((await refused(client({ token }).tasks.list())).code, "token_expired");
  assert.equal(asked, 2);
  assert.equal((await refused(client({ token: given("EXPIRED") }).tasks.list())).code, "token_expired");
});

test("a write that began in one person's name is not repeated in another's", async () => {
  const other = somebody();
  const answers = [given("EXPIRED"), other];
  const { tasks } = client({ token: () => answers.shift() ?? other });

  assert.equal((await refused(tasks.create({ title: "Milk" }))).code, "other_user");
  assert.deepEqual(await client({ token: other }).tasks.list(), []);
});

test("what the token function throws arrives, and the next call asks again", async () => {
  const answers = [() => { throw new Error("signed out"); }, async () => { throw new Error("signed out"); }, () => "", somebody];
  const { tasks } = client({ token: () => answers.shift()!() });

  await assert.rejects(tasks.list(), /^Error: signed out$/);
  await assert.rejects(tasks.list(), /^Error: signed out$/);
  assert.equal((await refused(tasks.list())).code, "token_missing");
  assert.deepEqual(await tasks.list(), []);
});

test("an address that is none, and a token that cannot be sent, are the application's errors", async () => {
  await assert.rejects(taskward({ url: API, token: "line\nbreak" }).tasks.list(), TypeError);
  assert.throws(() => taskward({ url: "not an address", token: "t" }), TypeError);
});
