// Many copies in one page, as in as many tabs, of which one waits for all. Run in a browser by tests/contract/test_typescript_client.py.

import { type ChangesEvent, isTaskwardError, taskward, type Token } from "@taskward/client";

interface Given {
  url: string;
  /** Tokens of Ann, one that is renewed too, and one of Bob. */
  ann: string;
  renewed: string;
  bob: string;
}

/** One that follows, with the titles that it has been told, by their ids. */
function tab({ url, token, apply = async () => {}, refuse = () => undefined }: Following) {
  const ending = new AbortController();
  const made = { titles: new Map<number, string>(), events: [] as string[], waiting: 0, error: undefined as unknown, end: () => ending.abort(new Error("left")) };
  const client = taskward({
    url,
    token,
    backoff: () => 0.02,
    async fetch(input, init) {
      const waits = /wait=[1-9]/.test(String(input)) ? 1 : 0;
      made.waiting += waits;
      try {
        return refuse() ?? (await fetch(input, init));
      } finally {
        made.waiting -= waits;
      }
    },
  });
  const follow = async () => {
    for await (const event of client.changes({ signal: ending.signal })) {
      made.events.push(event.type);
      if (event.type === "reset") made.titles.clear();
      if (event.type === "changes")
        for (const change of event.changes)
          if (change.kind === "task" && change.op === "put") made.titles.set(change.task.id, change.task.title);
      await apply(event);
    }
  };
  follow().catch((error: unknown) => (made.error = error));
  return Object.assign(made, { client });
}

interface Following {
  url: string;
  token: Token;
  apply?: (event: ChangesEvent) => Promise<void>;
  refuse?: () => Response | undefined;
}

type Tab = ReturnType<typeof tab>;

async function eventually<T>(find: () => T | undefined | false): Promise<T> {
  for (const ends = Date.now() + 60_000; Date.now() < ends; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const found = find();
    if (found) return found;
  }
  throw new Error(`not within a minute: ${find}`);
}

const shows = ({ titles }: Tab, ...wanted: string[]) => [...titles.values()].sort().join() === wanted.sort().join();
const allShow = (tabs: Tab[], ...wanted: string[]) => eventually(() => tabs.every((each) => shows(each, ...wanted)));

/** The one that waits, when no other does. */
const waits = (tabs: Tab[]) =>
  eventually(() => tabs.reduce((sum, { waiting }) => sum + waiting, 0) === 1 && tabs.find(({ waiting }) => waiting === 1));

const without = (tabs: Tab[], one: Tab) => tabs.filter((each) => each !== one);

/** What the page answers in place of what it has itself. */
function replaced(name: "setTimeout" | "BroadcastChannel" | "navigator", value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}

export const tests: Record<string, (given: Given) => Promise<void>> = {
  async "the next one waits when a copy is left"({ url, ann, renewed }) {
    const tabs = [ann, renewed, ann, renewed, ann].map((token) => tab({ url, token }));
    const first = await waits(tabs);
    await first.client.tasks.create({ title: "a" });
    await allShow(tabs, "a");

    const left = await waits(tabs);
    left.end();
    await tabs[0]!.client.tasks.create({ title: "b" });

    const others = without(tabs, left);
    await allShow(others, "a", "b");
    await waits(others);
    await eventually(() => (left.error as Error | undefined)?.message === "left");
    for (const each of others) each.end();
    await eventually(() => others.every(({ waiting, error }) => !waiting && error));
    const { held, pending } = await navigator.locks.query();
    if (held?.length || pending?.length) throw new Error("A lock is left.");
  },

  async "the next one waits when a copy ends with what does not pass"({ url, ann }) {
    let refusing: Tab | undefined;
    const refusal = () => Response.json({ code: "token_invalid", detail: "No." }, { status: 401 });
    const tabs: Tab[] = [1, 2, 3].map(() => {
      const made: Tab = tab({ url, token: ann, refuse: () => (refusing === made ? refusal() : undefined) });
      return made;
    });
    const ended = await waits(tabs);
    refusing = ended;
    const others = without(tabs, ended);
    await others[0]!.client.tasks.create({ title: "a" });
    await eventually(() => isTaskwardError(ended.error, "token_invalid"));

    await others[0]!.client.tasks.create({ title: "b" });

    await allShow(others, "a", "b");
    await waits(others);
  },

  async "the next one waits when the line of a copy is down"({ url, ann }) {
    let cutOff: Tab | undefined;
    const tabs: Tab[] = [1, 2, 3].map(() => {
      const made: Tab = tab({
        url,
        token: ann,
        refuse() {
          if (cutOff === made) throw new TypeError("no line");
          return undefined;
        },
      });
      return made;
    });
    const down = await waits(tabs);
    cutOff = down;
    const others = without(tabs, down);
    await others[0]!.client.tasks.create({ title: "a" });
    await eventually(() => down.events.includes("interrupted"));
    await others[0]!.client.tasks.create({ title: "b" });
    await allShow(others, "a", "b");
    await waits(others);

    cutOff = undefined;

    await allShow(tabs, "a", "b");
  },

  async "users do not wait for each other"({ url, ann, bob }) {
    const [anns, bobs] = [[1, 2].map(() => tab({ url, token: ann })), [1, 2].map(() => tab({ url, token: bob }))];
    const others = [tab({ url: url.replace("localhost", "127.0.0.1"), token: ann })];
    for (const of of [anns, bobs, others]) await waits(of);

    await bobs[0]!.client.tasks.create({ title: "of Bob" });

    await allShow(bobs, "of Bob");
    if (![...anns, ...others].every((each) => shows(each))) throw new Error("Ann has been told.");
  },

  async "all begin anew after a reset"({ url, ann }) {
    const tabs = [1, 2, 3].map(() => tab({ url, token: ann }));
    await tabs[0]!.client.tasks.create({ title: "a" });
    await allShow(tabs, "a");
    await waits(tabs);

    await tabs[0]!.client.me.forget({ confirm: "everything" });
    await tabs[0]!.client.tasks.create({ title: "b" });

    await allShow(tabs, "b");
    await eventually(() => tabs.every(({ events }) => events.includes("reset")));
    await waits(tabs);
  },

  async "one that is not heard any more is waited for no longer"({ url, ann }) {
    const before = setTimeout;
    replaced("setTimeout", (task: () => void, ms: number, ...given: unknown[]) => before(task, ms >= 60_000 ? ms / 50 : ms, ...given));
    let stuck: Tab | undefined;
    const tabs: Tab[] = [1, 2, 3].map(() => {
      const made: Tab = tab({ url, token: ann, apply: async () => (stuck === made ? new Promise(() => {}) : undefined) });
      return made;
    });
    stuck = await waits(tabs);
    await stuck.client.tasks.create({ title: "a" });
    await allShow(tabs, "a");

    await stuck.client.tasks.create({ title: "b" });

    await allShow(without(tabs, stuck), "a", "b");
  },

  async "one that has lost its turn to another one waits for that"({ url, ann }) {
    const tabs = [1, 2, 3].map(() => tab({ url, token: ann }));
    const loser = await waits(tabs);
    const [lock] = (await navigator.locks.query()).held!;

    await navigator.locks.request(lock!.name!, { steal: true }, async () => {});
    await waits(tabs);
    await loser.client.tasks.create({ title: "a" });

    await allShow(tabs, "a");
    await waits(tabs);
  },

  async "where a page may have no lock, each waits"({ url, ann }) {
    const denied = async () => Promise.reject(new DOMException("Not here.", "SecurityError"));
    replaced("navigator", { locks: { request: denied } });
    const without = [1, 2].map(() => tab({ url, token: ann }));
    await eventually(() => without.every(({ waiting }) => waiting === 1));
    replaced("BroadcastChannel", undefined);
    const withoutChannel = [1, 2].map(() => tab({ url, token: ann }));
    await eventually(() => withoutChannel.every(({ waiting }) => waiting === 1));

    await without[0]!.client.tasks.create({ title: "a" });

    await allShow([...without, ...withoutChannel], "a");
  },
};
