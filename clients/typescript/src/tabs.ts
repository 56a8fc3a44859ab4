import { until } from "./connection.js";

/** How the next call for changes is to be made. */
export interface Turn {
  /** Whether it may wait at the API, or is to come back at once. */
  waits: boolean;
  signal: AbortSignal | undefined;
}

export interface Tabs {
  /** Comes at once for the tab that waits for all, and for another one when that tab has said that there may be something new. */
  turn(): Promise<Turn>;
  /** After every answer: if this tab waits for all, the others hear whether they are to look, and that it is still there. */
  answered(isNews: boolean): void;
  /** Lets others wait, until it asks for its turn again. */
  leave(): void;
  end(): void;
}

const LONGEST_SILENCE_SECONDS = 60; // a call that waits, and is not answered, has ended by then

/**
 * Of all tabs of an origin that follow the changes of one user, one waits at the API for all of them: a browser has six
 * connections to a server, and the API lets four calls of a user wait.
 *
 * That one holds a lock. It tells the others when to look, and each looks with its own token, so that none depends on what
 * another was answered. Whoever gets the lock tells them too, because the one before may have gone without a word. Who holds it
 * and is not heard for long, such as a page that was suspended, loses it. Where there are no locks, as in Node.js and on pages
 * that came by plain HTTP, each waits by itself.
 */
export function tabsOf(nameOf: () => Promise<string>, signal: AbortSignal | undefined): Tabs {
  const locks = globalThis.navigator?.locks;
  let isAlone = !(locks && globalThis.BroadcastChannel && globalThis.addEventListener);
  if (isAlone) return { turn: async () => ({ waits: true, signal }), answered() {}, leave() {}, end() {} };

  let own: { channel: BroadcastChannel; leaving: AbortController; holds: boolean; isTold: boolean } | undefined;
  let isHidden = false;
  let wake = () => {};

  function join(name: string, steal: boolean): NonNullable<typeof own> {
    const leaving = new AbortController();
    // What was told before it listens is not known: it looks once.
    const joined = { channel: new BroadcastChannel(name), leaving, holds: false, isTold: true };
    joined.channel.onmessage = ({ data: isNews }) => {
      joined.isTold ||= isNews;
      wake();
    };
    const hold = () =>
      new Promise<void>((release) => {
        leaving.signal.addEventListener("abort", () => release());
        if (leaving.signal.aborted) return release();
        joined.holds = true;
        joined.channel.postMessage(true);
        wake();
      });
    locks.request(name, steal ? { steal } : { signal: leaving.signal }, hold).catch((error: Error) => {
      if (own !== joined) return;
      isAlone = error.name !== "AbortError"; // which says that another has taken it; anything else, that this page may have none
      leave();
      wake();
    });
    return joined;
  }

  function leave(): void {
    own?.leaving.abort();
    own?.channel.close();
    own = undefined;
  }

  /** Until something is heard, false, or for so long that the one that waits must be gone, true. */
  function silence(): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout>;
    const over = new Promise<boolean>((resolve) => {
      wake = () => resolve(false);
      timer = setTimeout(resolve, LONGEST_SILENCE_SECONDS * (1 + Math.random() / 2) * 1000, true); // not all of them at once
    });
    return until(over, signal).finally(() => clearTimeout(timer));
  }

  // A page that holds a lock, or is in the middle of a call, cannot be kept for "back", and a frozen one hears nothing.
  const watched = { pagehide: true, freeze: true, pageshow: false, resume: false };
  function see({ type }: Event): void {
    isHidden = watched[type as keyof typeof watched];
    if (isHidden) leave();
    wake();
  }
  for (const type of Object.keys(watched)) addEventListener(type, see, true);
  signal?.addEventListener("abort", leave);

  return {
    async turn() {
      let steal = false;
      while (!isAlone) {
        if (steal) leave();
        if (!own && !isHidden) {
          const name = await until(nameOf(), signal);
          if (!isHidden) own = join(name, steal);
        }
        if (own && (own.holds || own.isTold)) {
          own.isTold = false;
          return { waits: own.holds, signal: own.leaving.signal };
        }
        steal = await silence();
      }
      return { waits: true, signal };
    },
    answered(isNews) {
      if (own?.holds) own.channel.postMessage(isNews);
    },
    leave,
    end() {
      leave();
      for (const type of Object.keys(watched)) removeEventListener(type, see, true);
      signal?.removeEventListener("abort", leave);
    },
  };
}
