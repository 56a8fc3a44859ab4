import type { Key } from "./stored.js";

/** Where a row was moved to: behind another one, or to the beginning. */
export type Place = { after: Key } | { to: "first" };

/** What a row has besides, from a move until the API has answered. */
export interface Placed {
  place?: Place;
}

/**
 * A position that sorts between two others, by which a row is shown in its new place until the API has given it another.
 * `high` undefined is the end. Positions are compared as ASCII.
 */
export function between(low: string, high: string | undefined): string {
  let [position, isBelow] = ["", high === undefined];
  for (let index = 0; ; index++) {
    const from = index < low.length ? low.charCodeAt(index) : FIRST;
    const to = isBelow || index >= high!.length ? LAST : high!.charCodeAt(index);
    if (to - from > 1) return position + String.fromCharCode((from + to) >> 1);
    position += String.fromCharCode(from);
    isBelow ||= from < to;
  }
}

const FIRST = 0x20;
const LAST = 0x7f;
