import { type Options, taskward } from "@taskward/client";

/** A setting that the test run gives. */
export function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests are run by tests/contract/test_typescript_client.py.`);
  return value;
}

const tokens: string[] = JSON.parse(process.env["TOKENS"] ?? "[]");

/** The token of somebody whom no other test knows. */
export function somebody(): string {
  const token = tokens.pop();
  if (token === undefined) throw new Error("There are more people than TOKENS.");
  return token;
}

export const API = process.env["API"] ?? "";

/** A client that repeats its calls at once, so that a test need not wait. */
export function client(options: Partial<Options> = {}) {
  return taskward({ url: API, backoff: () => 0, ...options, token: options.token ?? somebody() });
}

export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
