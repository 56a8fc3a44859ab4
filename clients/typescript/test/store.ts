// Copies that outlive their page, in the IndexedDB of a real browser. Run there by tests/contract/test_typescript_client.py.

import { createCollection } from "@tanstack/db";
import { IndexedDBAdapter, NonRetriableError, startOfflineExecutor } from "@tanstack/offline-transactions";
import { isTaskwardError, taskward, type Token } from "@taskward/client";
import { indexedDbStore, type Store } from "@taskward/client/store";
import { type CollectionOptions, type Conflict, type CopyEvent, newTask, taskwardCollections } from "@taskward/client/tanstack";

interface Given {
  url: string;
  /** Tokens of Ann, one that is renewed too, and one of Bob. */
  ann: string;
  renewed: string;
  bob: string;
}

interface Opened extends Partial<Omit<CollectionOptions, "client">> {
  url: string;
  token: Token;
  /** Of pages of changes. */
  limit?: number;
  line?: { isThere: boolean };
  fetch?: typeof fetch;
}

/** A page that follows the tasks and the lists, until it is closed. */
function open({ url, token, limit = 500, line = { isThere: true }, fetch: ask = fetch, onEvent, ...options }: Opened) {
  const asked: URL[] = [];
  const events: CopyEvent[] = [];
  const client = taskward({
    url,
    retries: 1,
    backoff: () => 0.02,
    async token() {
      if (!line.isThere) throw new TypeError("Failed to fetch");
      return typeof token === "string" ? token : await token();
    },
    async fetch(input, init) {
      if (!line.isThere) throw new TypeError("Failed to fetch");
      if (String(input).includes("/changes")) asked.push(new URL(String(input)));
      return ask(input, init);
    },
  });
  const paged = { ...client, changes: (options: object) => client.changes({ ...options, limit }) } as typeof client;
  const data = taskwardCollections({ client: paged, ...options, onEvent: (event) => (events.push(event), onEvent?.(event)) });
  const [tasks, lists] = [createCollection(data.tasks), createCollection(data.lists)];
  const seen: string[] = []; // whenever something changes, and it is ready
  tasks.subscribeChanges(() => tasks.status === "ready" && seen.push(titles()));
  tasks.onFirstReady(() => seen.push(titles()));
  lists.startSyncImmediate();
  const titles = () => [...tasks.values()].map((task) => task.title).sort().join();
  const told = (type: CopyEvent["type"]) => events.filter((event) => event.type === type).length;
  return {
    client, data, tasks, lists, asked, seen, line, titles, told,
    shows: (wanted: string) => eventually(() => tasks.status === "ready" && titles() === wanted),
    firstCopies: () => asked.filter(({ searchParams }) => !searchParams.has("since")).length,
    close: () => Promise.all([tasks.cleanup(), lists.cleanup()]),
  };
}

type Page = ReturnType<typeof open>;

async function eventually<T>(find: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const ends = Date.now() + 60_000; Date.now() < ends; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`not within a minute: ${find}`);
}

function equal(found: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${one} is not ${other}`);
}

let names = 0;
const fresh = () => `taskward-test-${Date.now()}-${names++}`;

/** What a page would show that opens without a line: undefined when it has no whole copy. */
async function stored(name: string): Promise<string | undefined> {
  const saved = await indexedDbStore(name).load();
  if (!saved?.mark.isWhole) return undefined;
  return saved.task.map((task) => task.title).sort().join();
}

/** The store of a page that is closed by force after so many steps: what comes later does not happen. */
function cutAfter(steps: number, store: Store): Store & { left: number } {
  const cut: Store & { left: number } = {
    ...store,
    left: steps,
    alone: async () => () => {}, // with the page its lock goes
    save: (step) => (cut.left-- > 0 ? store.save(step) : new Promise(() => {})),
    note: (...given) => (cut.left-- > 0 ? store.note(...given) : new Promise(() => {})),
  };
  return cut;
}

const add = (page: Page, titles: string) =>
  page.client.tasks.batch([...titles].map((title) => ({ op: "create" as const, task: { title } })));

/** What the page answers in place of what it has itself. */
function replaced(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name)!;
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => Object.defineProperty(target, name, before);
}

export const tests: Record<string, (given: Given) => Promise<void>> = {
  async "a page that opens without a line shows the copy of the one before, and then goes on from there"({ url, ann }) {
    const name = fresh();
    const before = open({ url, token: ann, store: indexedDbStore(name) });
    await add(before, "ab");
    await before.client.lists.create({ name: "Home" });
    await before.shows("a,b");
    await eventually(() => before.lists.size === 1);
    await eventually(async () => (await indexedDbStore(name).load())?.list.length === 1);
    await before.close();

    const after = open({ url, token: ann, store: indexedDbStore(name), line: { isThere: false } });
    await after.shows("a,b");
    equal([after.lists.status, [...after.lists.values()].map((list) => list.name)], ["ready", ["Home"]]);
    await eventually(() => after.told("interrupted"));
    await add(before, "c");
    after.line.isThere = true;

    await after.shows("a,b,c");
    equal([after.firstCopies(), after.told("interrupted"), [...new Set(after.seen)]], [0, 1, ["a,b", "a,b,c"]]);
    await after.close();
  },

  async "without a copy nothing is ready before there is one"({ url, ann }) {
    const name = fresh();
    const page = open({ url, token: ann, store: indexedDbStore(name), line: { isThere: false } });
    await eventually(() => page.told("interrupted"));
    equal([page.tasks.status, page.seen], ["loading", []]);

    page.line.isThere = true;

    await eventually(() => page.tasks.status === "ready");
    await page.close();
  },

  async "a first copy that was cut goes on, and is shown without a line when it is whole"({ url, ann }) {
    const writer = open({ url, token: ann });
    await add(writer, "abcdefg");
    await writer.shows("a,b,c,d,e,f,g");
    for (let steps = 0; steps < 5; steps++) {
      const name = fresh();
      const store = cutAfter(steps, indexedDbStore(name));
      const before = open({ url, token: ann, store, limit: 2 });
      await before.shows("a,b,c,d,e,f,g");
      await eventually(() => store.left < 0 || before.told("changes") >= 4);
      await before.close();
      if (steps < 4) equal(await stored(name), undefined);
      else await eventually(async () => (await stored(name)) === "a,b,c,d,e,f,g");

      const after = open({ url, token: ann, store: indexedDbStore(name), limit: 2 });
      await after.shows("a,b,c,d,e,f,g");
      equal(after.firstCopies(), steps === 0 ? 1 : 0);
      await eventually(async () => (await stored(name)) === "a,b,c,d,e,f,g");
      await after.close();
    }
    await writer.close();
  },

  async "what is stored is what the API had at one moment, whenever a page is closed"({ url, ann }) {
    const writer = open({ url, token: ann });
    await add(writer, "abcde");
    for (let steps = 1; steps < 4; steps++) {
      const name = fresh();
      const first = open({ url, token: ann, store: indexedDbStore(name) });
      const was = await eventually(() => stored(name));
      await first.close();
      await add(writer, "vwxyz");
      const store = cutAfter(steps - 1, indexedDbStore(name));
      const before = open({ url, token: ann, store, limit: 2 });
      const is = [...was.split(","), ..."vwxyz"].sort().join();
      await before.shows(is);
      await before.close();

      if (steps === 1) equal(await stored(name), was);
      else await eventually(async () => (await stored(name)) === is);
      const after = open({ url, token: ann, store: indexedDbStore(name), line: { isThere: false } });
      await after.shows(steps === 1 ? was : is);
      after.line.isThere = true;
      await after.shows(is);
      await after.close();
    }
    await writer.close();
  },

  async "after a reset the stored copy is the old one until it is the new one"({ url, ann }) {
    const name = fresh();
    const writer = open({ url, token: ann });
    await writer.client.me.forget({ confirm: "everything" });
    await add(writer, "abc");
    const first = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(async () => (await stored(name)) === "a,b,c");
    await first.close();
    await writer.client.me.forget({ confirm: "everything" });
    await add(writer, "vwxyz");

    for (const isCut of [true, false]) {
      const page = open({ url, token: ann, store: isCut ? cutAfter(1, indexedDbStore(name)) : indexedDbStore(name), limit: 2 });
      await page.shows("v,w,x,y,z");
      equal([page.told("reset"), page.firstCopies()], [1, 1]);
      if (!isCut) await eventually(async () => (await stored(name)) === "v,w,x,y,z");
      await page.close();
      if (isCut) equal(await stored(name), "a,b,c");
    }
    const after = open({ url, token: ann, store: indexedDbStore(name) });
    await after.shows("v,w,x,y,z");
    equal([after.told("reset"), after.firstCopies()], [0, 0]);
    for (const page of [after, writer]) await page.close();
  },

  async "of ten pages that open at once one makes the first copy, and after a reset too"({ url, ann }) {
    const name = fresh();
    const pages = Array.from({ length: 10 }, () => open({ url, token: ann, store: indexedDbStore(name), limit: 2 }));
    await add(pages[0]!, "abcde");
    await Promise.all(pages.map((page) => eventually(() => page.titles().includes("a,b,c,d,e"))));
    equal(pages.reduce((sum, page) => sum + page.firstCopies(), 0), 1);

    await pages[0]!.client.me.forget({ confirm: "everything" });
    await add(pages[0]!, "xy");
    await Promise.all(pages.map((page) => page.shows("x,y")));
    equal(pages.reduce((sum, page) => sum + page.firstCopies(), 0), 2);

    await add(pages[0]!, "z");
    await Promise.all(pages.map((page) => page.shows("x,y,z")));
    await eventually(async () => (await stored(name)) === "x,y,z");
    equal(pages.map((page) => page.told("unkept")), pages.map(() => 0));
    for (const page of pages) await page.close();
  },

  async "the next page makes the first copy when the one that makes it has no line, or is closed"({ url, ann }) {
    for (const leave of ["has no line", "is closed"]) {
      const name = fresh();
      let lose: (error: unknown) => void = () => {};
      const hang: typeof fetch = (_, init) =>
        new Promise((_, reject) => {
          lose = reject;
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        });
      const maker = open({ url, token: ann, store: indexedDbStore(name), fetch: hang });
      await eventually(() => maker.firstCopies() === 1);
      const next = open({ url, token: ann, store: indexedDbStore(name) });
      await eventually(async () => (await navigator.locks.query()).pending!.some((lock) => lock.name!.endsWith(name)));
      if (leave === "is closed") await maker.close();
      maker.line.isThere = false;
      lose(new TypeError("Failed to fetch"));

      await eventually(() => next.tasks.status === "ready");
      for (const page of [maker, next]) await page.close();
    }
  },

  async "a page that is behind does not take back what another has stored"({ url, ann }) {
    const name = fresh();
    let letGo = () => {};
    let held: Promise<void> | undefined;
    const ahead = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(() => ahead.tasks.status === "ready"); // and waits for both
    await eventually(() => stored(name).then((rows) => rows !== undefined));
    const behind = open({
      url,
      token: ann,
      store: indexedDbStore(name),
      async fetch(input, init) {
        const answer = await fetch(input, init);
        if (String(input).includes("/changes")) await held;
        return answer;
      },
    });
    await eventually(() => behind.tasks.status === "ready");
    const was = ahead.titles();
    held = new Promise((resolve) => (letGo = resolve));
    const after = (more: string) => [...was.split(",").filter(Boolean), ...more].sort().join();

    await add(ahead, "1"); // of which the one behind has the answer, but has not read it yet
    await ahead.shows(after("1"));
    await add(ahead, "2");
    await ahead.shows(after("12"));
    await eventually(async () => (await stored(name)) === after("12"));
    const { mark } = (await indexedDbStore(name).load())!;
    await ahead.close();
    letGo();
    held = undefined;
    await behind.shows(after("12"));

    equal((await indexedDbStore(name).load())!.mark.token, mark.token);
    await add(behind, "3");
    await eventually(async () => (await stored(name)) === after("123"));
    await behind.close();
  },

  async "a page that is ahead of what is stored takes over when nobody else goes on"({ url, ann }) {
    const name = fresh();
    const page = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(() => page.tasks.status === "ready");
    await eventually(() => stored(name).then((rows) => rows !== undefined));
    const { mark, ...rows } = (await indexedDbStore(name).load())!;
    const was = page.titles().split(",").filter(Boolean);
    await add(page, "4");
    const is = [...was, "4"].sort().join();
    await eventually(async () => (await stored(name)) === is);
    // What a page that was closed had answered before.
    const all = [...rows.task.map((row) => ({ kind: "task" as const, key: row.uid ?? String(row.id), row }))];
    const { mark: since } = (await indexedDbStore(name).load())!;
    await indexedDbStore(name).save({ since, mark, written: all, settled: [], isAll: true });

    await add(page, "5");
    await page.shows([...was, "4", "5"].sort().join());
    equal(await stored(name), was.join());
    await add(page, "6");

    await eventually(async () => (await stored(name)) === [...was, "4", "5", "6"].sort().join());
    const after = open({ url, token: ann, store: indexedDbStore(name) });
    await after.shows(page.titles());
    equal(after.firstCopies(), 0);
    for (const each of [page, after]) await each.close();
  },

  async "a write that was answered is shown without a line, before its change has been told"({ url, ann }) {
    const name = fresh();
    let isDeaf = false;
    const page = open({
      url,
      token: ann,
      store: indexedDbStore(name),
      async fetch(input, init) {
        const answer = await fetch(input, init);
        if (isDeaf && String(input).includes("/changes")) throw new TypeError("Failed to fetch");
        return answer;
      },
    });
    await page.client.me.forget({ confirm: "everything" });
    await add(page, "ab");
    await page.shows("a,b");
    await eventually(async () => (await stored(name)) === "a,b");
    isDeaf = true;
    const [c] = [newTask({ title: "c" })];
    await page.tasks.insert(c).isPersisted.promise;
    const [a, b] = ["a", "b"].map((title) => page.tasks.toArray.find((task) => task.title === title)!);
    await page.tasks.update(String(a!.uid ?? a!.id), (task) => void (task.title = "A")).isPersisted.promise;
    await page.tasks.delete(String(b!.uid ?? b!.id)).isPersisted.promise;
    await eventually(async () => (await indexedDbStore(name).load())?.answered.length === 3);
    await page.close();

    const after = open({ url, token: ann, store: indexedDbStore(name), line: { isThere: false } });
    await after.shows("A,c");
    equal(await stored(name), "a,b");
    after.line.isThere = true;
    await eventually(async () => (await stored(name)) === "A,c");
    equal((await indexedDbStore(name).load())!.answered, []);
    equal([...new Set(after.seen)], ["A,c"]);
    await after.close();
  },

  async "a write that is repeated after its task was deleted elsewhere does not bring it back"({ url, ann }) {
    const name = fresh();
    const elsewhere = taskward({ url, token: ann });
    const page = open({ url, token: ann, store: indexedDbStore(name) });
    const milk = newTask({ title: "Milk" });
    const key = "the-same-after-a-restart";
    await eventually(() => page.tasks.status === "ready");
    const write = () =>
      page.data.writing(NonRetriableError)({
        transaction: { mutations: [{ type: "insert", mutationId: "1", original: {}, modified: milk, changes: milk, collection: { id: "taskward-tasks" } }] },
        idempotencyKey: key,
      });
    await write();
    await eventually(() => page.tasks.has(milk.uid!));
    await elsewhere.tasks.delete(milk.uid!);
    await eventually(() => !page.tasks.has(milk.uid!));

    await write();
    await eventually(async () => (await indexedDbStore(name).load())?.answered.length === 1);
    for (const title of ["p", "q"]) {
      await elsewhere.tasks.create({ title });
      await eventually(() => page.tasks.toArray.some((task) => task.title === title));
    }

    equal(page.tasks.has(milk.uid!), false);
    await eventually(async () => (await indexedDbStore(name).load())?.answered.length === 0);
    await page.close();
  },

  async "users do not mix"({ url, ann, bob }) {
    let name = "";
    const anns = open({ url, token: ann });
    await add(anns, "a");
    await taskward({ url, token: bob }).tasks.create({ title: "b" });
    for (const isKnown of [false, true]) {
      name = fresh();
      const before = open({ url, token: ann, store: indexedDbStore(name) });
      await eventually(async () => (await stored(name)) === "a");
      await before.close();

      // An application that gives the stores of all its users one name: at once, or when the API has answered.
      const token = async () => (isKnown || (await eventually(() => bobs.titles() === "a")), bob);
      const bobs: Page = open({ url, token, store: indexedDbStore(name) });
      await eventually(() => bobs.titles() === "b");
      equal([bobs.told("reset"), [...new Set(bobs.seen)].at(-1)], [isKnown ? 0 : 1, "b"]);
      await eventually(async () => (await stored(name)) === "b");
      await bobs.close();
    }
    await anns.close();

    let token = bob;
    const other = open({ url, token: () => token, store: indexedDbStore(name), fetch: async (input, init) => {
      if (token === ann && new Headers(init?.headers).get("Authorization") === `Bearer ${bob}`)
        return Response.json({ code: "token_expired", detail: "Expired." }, { status: 401 });
      return fetch(input, init);
    } });
    await other.shows("b");
    token = ann;
    await taskward({ url, token: bob }).tasks.create({ title: "d" });
    await eventually(() => other.told("failed"));
    equal((await stored(name))!.split(",")[0], "b"); // and "d", when it was told in time
    await other.close();

    const elsewhere = open({ url: url.replace("localhost", "127.0.0.1"), token: bob, store: indexedDbStore(name), line: { isThere: false } });
    await eventually(() => elsewhere.told("interrupted"));
    equal([elsewhere.tasks.status, elsewhere.titles()], ["loading", ""]);
    await elsewhere.close();
  },

  async "a copy that left out more than is wanted is fetched anew"({ url, bob }) {
    const name = fresh();
    for (const [done_since, copies] of [["2026-01-01", 1], ["2026-02-01", 0], [undefined, 1], ["2026-01-01", 0]] as const) {
      const page = open({ url, token: bob, store: indexedDbStore(name), done_since });
      await page.client.tasks.create({ title: "new" });
      await eventually(() => page.titles().includes("new"));
      equal(page.firstCopies(), copies);
      await eventually(async () => (await stored(name))?.split(",").length === page.tasks.size);
      await page.close();
    }
  },

  async "signing out removes the copy, and no other page brings it back"({ url, ann }) {
    const name = fresh();
    const store = indexedDbStore(name);
    const [page, other] = [open({ url, token: ann, store }), open({ url, token: ann, store: indexedDbStore(name) })];
    for (const each of [page, other]) await eventually(() => each.tasks.status === "ready");
    await eventually(() => stored(name).then((rows) => rows !== undefined));

    await store.clear();
    for (const title of ["1", "2", "3"]) {
      await page.client.tasks.create({ title });
      for (const each of [page, other]) await eventually(() => each.titles().includes(title));
    }

    equal([page.told("unkept"), other.told("unkept")], [1, 1]);
    equal(await stored(name), undefined);
    for (const each of [page, other]) await each.close();
  },

  async "a copy of another shape is fetched anew, and a page of another release goes on in memory"({ url, ann }) {
    const name = fresh();
    const later = () =>
      new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name, 1000);
        request.onupgradeneeded = () => [...request.result.objectStoreNames].forEach((part) => request.result.deleteObjectStore(part));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const before = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(() => before.tasks.status === "ready");
    const database = await later();
    await before.client.tasks.create({ title: "while another release is here" });
    await eventually(() => before.titles().includes("while another"));
    await eventually(() => before.told("unkept") === 1);
    await before.close();

    const blocked = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(() => blocked.tasks.status === "ready" && blocked.told("unkept") === 1);
    await blocked.close();
    database.close();

    const after = open({ url, token: ann, store: indexedDbStore(name) });
    await eventually(async () => (await stored(name))?.includes("while another"));
    equal(after.firstCopies(), 1);
    await after.close();
  },

  async "where nothing can be stored the page goes on in memory, and says so once"({ url, ann }) {
    const full = () => {
      throw new DOMException("Full.", "QuotaExceededError");
    };
    const denied = { open: () => { throw new DOMException("Not here.", "SecurityError"); } };
    const name = fresh();
    const ways = [[globalThis, "indexedDB", undefined], [globalThis, "indexedDB", denied], [IDBObjectStore.prototype, "put", full]] as const;
    for (const [target, member, value] of ways) {
      const back = replaced(target, member, value);
      const page = open({ url, token: ann, store: indexedDbStore(name) });
      await eventually(() => page.tasks.status === "ready");
      await eventually(() => page.told("unkept") === 1);
      const written = newTask({ title: "kept by the API" });
      await page.tasks.insert(written).isPersisted.promise;
      await page.client.tasks.create({ title: "from elsewhere" });
      await eventually(() => page.titles().includes("from elsewhere"));
      equal([page.tasks.get(written.uid!)!.version > 0, page.told("unkept")], [true, 1]);
      back();
      await page.close();
    }
    const page = open({ url, token: ann, store: indexedDbStore(name) });
    const whole = await eventually(() => stored(name));
    await page.close();

    const back = replaced(IDBObjectStore.prototype, "put", full);
    const fullUp = open({ url, token: ann, store: indexedDbStore(name) });
    await fullUp.client.tasks.create({ title: "which has no room" });
    await eventually(() => fullUp.titles().includes("no room") && fullUp.told("unkept") === 1);
    back();
    equal(await stored(name), whole);
    await fullUp.close();
  },

  async "a change is stored at the cost of a change"({ url, ann }) {
    const name = fresh();
    const page = open({ url, token: ann, store: indexedDbStore(name) });
    await add(page, "0123456789");
    await eventually(async () => (await stored(name))?.includes("9"));
    const { put } = IDBObjectStore.prototype;
    let puts = 0;
    const back = replaced(IDBObjectStore.prototype, "put", function (this: IDBObjectStore, ...given: [unknown, IDBValidKey]) {
      puts++;
      return put.apply(this, given);
    });

    await page.client.tasks.create({ title: "the eleventh" });
    await eventually(async () => (await stored(name))?.includes("the eleventh"));

    back();
    equal(puts, 2); // the task, and how far the copy has come
    await page.close();
  },

  async "writes without a line come after the stored copy, over a reload, each once and with its conflicts"({ url, ann }) {
    const [name, outbox] = [fresh(), fresh()];
    const line = { isThere: true };
    const conflicts: Conflict[] = [];
    async function start() {
      const page = open({
        url,
        token: ann,
        store: indexedDbStore(name),
        line,
        onConflict: (conflict) => (conflicts.push(conflict), conflict.mine),
      });
      const told = new Set<() => void>();
      const executor = startOfflineExecutor({
        collections: { tasks: page.tasks },
        mutationFns: { write: page.data.writing(NonRetriableError) },
        storage: new IndexedDBAdapter(outbox),
        jitter: false,
        onlineDetector: {
          subscribe: (callback) => (told.add(callback), () => void told.delete(callback)),
          notifyOnline: () => told.forEach((callback) => callback()),
          isOnline: () => line.isThere,
          dispose: () => told.clear(),
        },
        leaderElection: {
          requestLeadership: async () => true,
          releaseLeadership: () => {},
          isLeader: () => true,
          onLeadershipChange: () => () => {},
        },
      });
      await executor.waitForInit();
      page.seen.length = 0; // only now both the copy and what was written to it are there
      const write = (change: () => void) => executor.createOfflineTransaction({ mutationFnName: "write" }).mutate(change);
      const rename = (title: string, to: string) => {
        const { uid, id } = page.tasks.toArray.find((task) => task.title === title)!;
        write(() => page.tasks.update(uid ?? String(id), (task) => void (task.title = to)));
      };
      const close = async () => (executor.dispose(), await page.close());
      return { ...page, executor, write, rename, close };
    }
    const elsewhere = taskward({ url, token: ann });
    await elsewhere.me.forget({ confirm: "everything" });
    await elsewhere.tasks.batch(["Milk", "Bread"].map((title) => ({ op: "create", task: { title } })));
    const before = await start();
    await before.shows("Bread,Milk");
    await eventually(async () => (await stored(name)) === "Bread,Milk");

    line.isThere = false;
    before.rename("Milk", "Oat milk");
    before.write(() => before.tasks.insert(newTask({ title: "Salt" })));
    await eventually(() => before.executor.getPendingCount() === 2);
    await before.close();
    await elsewhere.tasks.change((await elsewhere.tasks.list()).find((task) => task.title === "Milk")!.id, { title: "Cream" });

    const after = await start();
    await after.shows("Bread,Oat milk,Salt");
    after.rename("Bread", "Rye bread");
    after.rename("Salt", "Sea salt");
    await eventually(() => after.executor.getPendingCount() === 4);
    await after.close();

    const last = await start();
    await last.shows("Oat milk,Rye bread,Sea salt");
    equal([...new Set([...after.seen, ...last.seen])].filter((shown) => shown.split(",").length !== 3), []);
    line.isThere = true;
    last.executor.getOnlineDetector().notifyOnline();

    await eventually(() => last.executor.getPendingCount() === 0);
    equal((await elsewhere.tasks.list()).map((task) => task.title), ["Oat milk", "Rye bread", "Sea salt"]);
    equal(conflicts.map(({ was, mine, theirs, fields }) => [(was as { title: string }).title, (mine as { title: string }).title, (theirs as { title: string }).title, fields]), [
      ["Milk", "Oat milk", "Cream", ["title"]],
    ]);
    await last.shows("Oat milk,Rye bread,Sea salt");
    await eventually(async () => (await stored(name)) === "Oat milk,Rye bread,Sea salt");
    await last.close();
  },
};

export { isTaskwardError };
