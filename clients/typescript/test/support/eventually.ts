import assert from "node:assert/strict";

/** Waits until it holds, as long as a busy machine may take. */
export async function eventually(holds: () => boolean): Promise<void> {
  const ends = Date.now() + 60_000;
  while (!holds()) {
    assert(Date.now() < ends, `not within a minute: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
