// With the tokens of a real Better Auth, got as a page or a program gets them.

import assert from "node:assert/strict";
import test from "node:test";
import { isTaskwardError } from "@taskward/client";
import { client, given } from "./support/people.js";

const BETTER_AUTH = given("BETTER_AUTH");

/** What gets the token of somebody who has just signed up. */
async function signUp(name: string): Promise<() => Promise<string>> {
  const body = JSON.stringify({ name, email: `${name}@example.com`, password: "correct horse" });
  const headers = { "Content-Type": "application/json", Origin: BETTER_AUTH };
  const signedUp = await fetch(`${BETTER_AUTH}/api/auth/sign-up/email`, { method: "POST", headers, body });
  const session = signedUp.headers.get("set-auth-token");
  assert(session, await signedUp.text());
  return async () => {
    const answer = await fetch(`${BETTER_AUTH}/api/auth/token`, { headers: { Authorization: `Bearer ${session}` } });
    return (await answer.json()).token;
  };
}

test("two people who have signed in have tasks of their own", async () => {
  const tokenOf = { ann: await signUp("ann"), bob: await signUp("bob") };
  let asked = 0;
  const ann = client({ token: () => (asked++, tokenOf.ann()) });
  const bob = client({ token: tokenOf.bob });

  const { id } = await ann.tasks.create({ title: "Milk" });
  await ann.tasks.change(id, { status: "Done" });

  assert.deepEqual((await ann.tasks.list()).map((task) => task.title), ["Milk"]);
  assert.deepEqual(await bob.tasks.list(), []);
  await assert.rejects(bob.tasks.delete(id), (error) => isTaskwardError(error, "task_not_found"));
  assert.equal(asked, 1);
});

test("whoever signs in after another needs a client of their own", async () => {
  const tokens = [await signUp("carl"), await signUp("dora")].map((token) => token());
  const [carl, dora] = await Promise.all(tokens);
  // A token of Better Auth that has expired stands for one whose server was asked 15 minutes ago.
  const { tasks } = client({ token: () => tokens.shift()!, fetch: expiredOnce });

  await assert.rejects(tasks.create({ title: "Milk" }), (error) => isTaskwardError(error, "other_user"));

  assert.notEqual(carl, dora);
});

let calls = 0;
const expiredOnce: typeof fetch = async (input, init) => {
  if (calls++) return fetch(input, init);
  const document = { code: "token_expired", detail: "The token has expired." };
  return new Response(JSON.stringify(document), { status: 401, headers: { "Content-Type": "application/problem+json" } });
};
