import { isSame, type Mark, nameOf, type Saved, type Store } from "./stored.js";

export type { Answered, Mark, Saved, Step, Store, Written } from "./stored.js";

/** Raised with every change of what rows have: a copy of another shape is thrown away, and fetched anew. */
const SHAPE = 1;
const PARTS = ["copy", "task", "list", "answered"] as const;
type Parts = Record<(typeof PARTS)[number], IDBObjectStore>;
const LONGEST_FIRST_COPY_SECONDS = 60; // or the page that makes it hangs

/** A store for `taskwardCollections` in the browser's IndexedDB. It is one user's: the name says whose. */
export function indexedDbStore(name: string): Store {
  let opened: Promise<IDBDatabase> | undefined;
  let ended: Error | undefined;

  function open(): Promise<IDBDatabase> {
    return (opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, SHAPE);
      request.onupgradeneeded = () => {
        const { result: database } = request;
        for (const part of [...database.objectStoreNames]) database.deleteObjectStore(part);
        for (const part of PARTS) database.createObjectStore(part);
      };
      request.onblocked = () => reject(new Error("Another page keeps a copy of another shape open."));
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const { result: database } = request;
        database.onclose = () => (opened = undefined); // by the browser, which lets it be opened again
        database.onversionchange = () => {
          ended = new Error("Another page has removed the copy, or taken it into another shape.");
          database.close();
        };
        resolve(database);
      };
    }));
  }

  function remove(): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("Another page keeps the copy open."));
    });
  }

  /** What `work` answers when its transaction is over; what it throws ends that, and nothing of it is kept. */
  async function transaction<T>(mode: IDBTransactionMode, work: (parts: Parts, done: (result: T) => void) => void): Promise<T> {
    if (ended) throw ended;
    const database = await open();
    return new Promise((resolve, reject) => {
      let result: T;
      const transaction = database.transaction(PARTS, mode);
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      const parts = Object.fromEntries(PARTS.map((part) => [part, transaction.objectStore(part)]));
      work(parts as Parts, (value) => (result = value));
    });
  }

  return {
    async load() {
      await open().catch(async (error: unknown) => {
        opened = undefined;
        if ((error as Error | null)?.name !== "VersionError") throw error;
        await remove(); // a later release was here, and was taken back
      });
      return transaction<Saved | undefined>("readonly", ({ copy, task, list, answered }, done) => {
        const saved = {} as Record<string, unknown>;
        const parts = { mark: copy.get(0), task: task.getAll(), list: list.getAll(), answered: answered.getAll() };
        for (const [part, request] of Object.entries(parts))
          request.onsuccess = () => {
            saved[part] = request.result;
            if (part === "answered" && saved["mark"]) done(saved as unknown as Saved);
          };
      });
    },
    save({ since, mark, written, settled, isAll }) {
      return transaction("readwrite", ({ copy, answered, ...rows }, done) => {
        const before: IDBRequest<Mark | undefined> = copy.get(0);
        const noted = answered.getAllKeys();
        noted.onsuccess = () => {
          const found = before.result;
          done(found);
          const isMine = isSame(found, since);
          // Another page may have written the same already.
          if (!isMine && !isSame(found, mark)) return;
          const names = new Set(noted.result);
          const settle = (name: string) => names.delete(name) && answered.delete(name);
          if (isMine) copy.put(mark, 0);
          if (isMine && isAll) [rows.task.clear(), rows.list.clear()];
          for (const each of written) {
            settle(nameOf(each));
            if (!isMine) continue;
            if (each.row) rows[each.kind].put(each.row, each.key);
            else rows[each.kind].delete(each.key);
          }
          for (const each of settled) settle(nameOf(each));
        };
      });
    },
    note(answer, whose) {
      return transaction("readwrite", ({ copy, answered }) => {
        const found: IDBRequest<Mark | undefined> = copy.get(0);
        found.onsuccess = () => {
          if (found.result?.whose === whose) answered.put(answer, nameOf(answer));
        };
      });
    },
    async alone(signal) {
      const locks = globalThis.navigator?.locks;
      if (!locks) return () => {};
      const waiting = new AbortController();
      const stop = () => waiting.abort();
      const timer = setTimeout(stop, LONGEST_FIRST_COPY_SECONDS * 1000);
      signal.addEventListener("abort", stop);
      return new Promise<() => void>((resolve) => {
        const held = () => new Promise<void>((release) => resolve(release));
        // A page that may have no lock, or has waited for too long, makes a copy of its own.
        locks.request(`taskward-copy-${name}`, { signal: waiting.signal }, held).catch(() => resolve(() => {}));
      }).finally(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
      });
    },
    async clear() {
      await transaction<void>("readwrite", (parts) => PARTS.forEach((part) => parts[part].clear()));
      ended = new Error("The copy was removed.");
      (await opened)?.close();
      await remove().catch(() => {}); // it is empty, and goes as soon as no other page has it open
    },
  };
}
