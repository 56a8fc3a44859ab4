import type { Call, OptionsOf, ResultOf } from "./calls.js";
import { isPassing, sleep } from "./connection.js";
import { isTaskwardError, TaskwardError } from "./errors.js";
import { tabsOf, type Turn } from "./tabs.js";

type Answer = ResultOf<"GET /changes">;
export type Change = Answer["changes"][number];

export type ChangesEvent =
  /**
   * To be applied in order, and kept together with `next`. The copy is in step when `more` is false. The first answer is told also
   * when there is nothing new, as is that after "interrupted".
   */
  | { type: "changes"; changes: Change[]; next: string; more: boolean }
  /** The token is of no use any more: the copy is to be thrown away, what follows is a first copy. */
  | { type: "reset"; error: TaskwardError }
  /** The API does not answer. The next event comes when it does again. */
  | { type: "interrupted"; error: TaskwardError };

/** `since` is where a copy goes on, from its last `next`; without it a first copy begins. */
export type ChangesOptions = OptionsOf<"GET /changes">;

const WAIT_SECONDS = 25;
const SHORTEST_WAIT_MS = 900;
const LAST_ATTEMPT = 6; // after that the pauses grow no more
const NONSENSE = "The address answered without changes: something else is there, or in front of it.";
const LAST_OF_MANY = 4; // and while one change follows the other: about two seconds

/**
 * Changes as they happen, for ever, as long as the signal and the loop let it; with `wait: 0` until the copy is in step.
 *
 * What passes is waited for, however long it takes. What does not pass is thrown. `whose` names the user and the API: of the
 * tabs of a browser that follow the same changes, one waits for all.
 */
export function changesOver(read: Call<"GET /changes">, backoff: (attempt: number) => number, whose: () => Promise<string>) {
  return async function* changes(options: ChangesOptions = {}): AsyncGenerator<ChangesEvent, void, undefined> {
    const { since: first, done_since, wait = WAIT_SECONDS, signal, ...rest } = options;
    const follows = wait !== 0;
    const tabs = tabsOf(whose, signal);
    let since = first;
    let isBehind = false;
    let isAnswered = false;
    let failures = 0;
    let early = 0;
    try {
      for (;;) {
        let turn: Turn = { waits: false, signal };
        try {
          // There is nothing to wait for as long as there is more, and whoever has met no answer asks whether there is one.
          if (follows && since !== undefined && !isBehind && isAnswered) turn = await tabs.turn();
          // Only a first copy may leave something out.
          const place = since === undefined ? { done_since } : { since, wait: turn.waits ? wait : 0 };
          const asked = performance.now();
          const answer: Partial<Answer> | null = await read({ ...rest, ...place, signal: turn.signal });
          if (!Array.isArray(answer?.changes) || !answer.next) throw new TaskwardError("unexpected_answer", NONSENSE, { status: 200 });
          const { changes, next, more = false } = answer;
          const isEarly = performance.now() - asked < SHORTEST_WAIT_MS;
          const isNews = next !== since || changes.length > 0 || !isAnswered;
          [since, failures, isBehind, isAnswered] = [next, 0, more, true];
          tabs.answered(isNews);
          if (isNews) yield { type: "changes", changes, next, more };
          if (!follows && !more) return;
          // So many calls of one user wait, and further ones are answered at once, as is each one while much is written.
          if (turn.waits) early = isEarly ? early + 1 : 0;
          const attempt = isNews ? Math.min(early - 1, LAST_OF_MANY) : Math.min(early, LAST_ATTEMPT);
          if (turn.waits && attempt > 0 && !more) await sleep(backoff(attempt), signal);
        } catch (error) {
          signal?.throwIfAborted();
          if (turn.signal?.aborted) continue; // the page was hidden, or another tab has taken its turn
          const isStale = isTaskwardError(error, "sync_reset") || (since === first && isTaskwardError(error, "cursor_invalid"));
          if (since !== undefined && isStale) {
            tabs.leave(); // for a first copy takes long
            since = undefined;
            yield { type: "reset", error };
          } else if (follows && isTaskwardError(error) && isPassing(error)) {
            tabs.answered(true); // the others are to see for themselves
            tabs.leave();
            isAnswered = false;
            if (++failures === 1) yield { type: "interrupted", error };
            await sleep((error.retryAfterSeconds ?? 0) + backoff(Math.min(failures, LAST_ATTEMPT)), signal);
          } else throw error;
        }
      }
    } finally {
      tabs.end();
    }
  };
}
