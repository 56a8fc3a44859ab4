// Positions between others, before the API has given them theirs.

import assert from "node:assert/strict";
import test from "node:test";
import { place } from "@taskward/client/tanstack";
import { randomFrom } from "./support/proxies.js";

test("there is room between any two, again and again", () => {
  const random = randomFrom(7);
  // As the API gives them.
  const rows = ["0001", "A", "A0", "V", "V1", "VV", "z", "zzzz5"].map((position, id) => ({ id: id + 1, uid: null, position }));

  for (let id = rows.length + 1; id < 2000; id++) {
    const index = Math.floor(random() * (rows.length + 1)) * (random() < 0.5 ? 1 : 0);
    const row = { id, uid: null, position: "" };
    place(row, rows[index - 1], rows[index]);
    rows.splice(index, 0, row);
  }

  for (const [index, { position }] of rows.entries()) assert(index === 0 || rows[index - 1]!.position < position, position);
});
