import type { ChangesEvent } from "./changes.js";
import type { Taskward } from "./client.js";
import type { ListRead, TaskRead } from "./openapi.js";
import { isSame, type Key, type Kind, type Mark, nameOf, type Rows, type Saved, type Store, type Written } from "./stored.js";

/**
 * What is heard of the changes; `failed`: the copy has ended with what does not pass by itself, until it is resumed; and
 * `unkept`: the copy goes on in memory alone, because its store cannot be used. It is told once.
 */
export type CopyEvent = ChangesEvent | { type: "failed"; error: unknown } | { type: "unkept"; error: unknown };

export interface Follower<Row> {
  /** What is new, of each row its latest state. `isWhole` says that nothing else is there any more. */
  apply(put: Row[], removed: Key[], isWhole: boolean): void;
  /** The copy is what the API had at one moment. */
  inStep(): void;
  /** The copy has ended. */
  failed(error: unknown): void;
}

export type Copy = ReturnType<typeof copyOf>;

export function keyOf({ id, uid }: { id: number; uid: string | null }): Key {
  return uid ?? String(id);
}

/** A row that an answer has changed here. `before` is what the changes have told of it. */
interface Ahead {
  version: number;
  /** The page that was asked for then, which may tell of it or not. */
  page: number;
  before: Written;
}

/**
 * A copy of the rows, in step with the API as long as somebody follows it. When nobody does it rests, and goes on from there
 * with the next one; with a store also after its page was closed.
 */
export function copyOf(
  client: Pick<Taskward, "changes" | "whose" | "url">,
  { store: given, done_since, say }: { store?: Store | undefined; done_since?: string | undefined; say: (event: CopyEvent) => void },
) {
  const { url } = client;
  const followers: { [K in Kind]: Set<Follower<Rows[K]>> } = { task: new Set(), list: new Set() };
  let store = given;
  let rows = none();
  /** A new first copy after a reset: it takes the place of the rows when it is whole, so that nobody sees half of it. */
  let next: ReturnType<typeof none> | undefined;
  let since: string | undefined;
  let isInStep = false;
  let ending: AbortController | undefined;

  /** By kind and key: what was written here is shown before its change arrives. */
  const ahead = new Map<string, Ahead>();
  let asked = 0;

  /** What the store has not been given yet: a step to what the API had at one moment. */
  let step = nothing(undefined);
  let leftOut = done_since;
  /** A mark of which nothing more is made: of no use, or of a page that has gone. The copy here takes its place. */
  let dead: Mark | undefined;
  let isStored = false;
  let writing: Promise<unknown> = Promise.resolve();

  async function run(signal: AbortSignal): Promise<void> {
    let release = () => {};
    const released = () => void writing.then(release);
    try {
      for (let again = true; again; ) {
        again = false;
        release = await begin(signal);
        asked++;
        for await (const event of client.changes({ since, done_since, signal })) {
          if (event.type === "reset") reset(event.error.code === "cursor_invalid");
          if (event.type === "changes") page(event);
          // Who meets no answer makes no first copy: others may.
          if (event.type === "interrupted" || (event.type === "changes" && !event.more)) released();
          say(event);
          again = event.type === "reset" && store !== undefined;
          if (again) break; // another page may have made its first copy
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      ending = undefined;
      for (const follower of everybody()) follower.failed(error);
      say({ type: "failed", error });
    } finally {
      released();
    }
  }

  /** Goes on from the store. Without a whole copy there, of many pages one makes it, and the others wait for that. */
  async function begin(signal: AbortSignal): Promise<() => void> {
    let release = () => {};
    if (store === undefined || since !== undefined) return release;
    let whose: string | undefined;
    client.whose().then((known) => (whose = known), () => {});
    for (const isLast of [false, true]) {
      if (store === undefined || since !== undefined) break;
      try {
        const saved = await store.load();
        signal.throwIfAborted();
        const isOfUse = saved !== undefined && !isSame(saved.mark, dead) && isMine(saved.mark, whose);
        if (isOfUse && (saved.mark.isWhole || isLast)) adopt(saved);
        else if (!isLast) release = await store.alone(signal);
        else dead = saved?.mark;
        if (isOfUse && saved.mark.isWhole) release();
      } catch (error) {
        release();
        signal.throwIfAborted();
        unkept(error);
      }
    }
    return release;
  }

  /** As far as it can be known: that a token is another user's the API says at the first call. */
  function isMine(mark: Mark, whose = mark.whose): boolean {
    const from = (day: string | undefined) => (day === undefined ? -Infinity : Date.parse(day));
    return mark.url === url && mark.whose === whose && from(mark.done_since) <= from(done_since);
  }

  function adopt({ mark, answered, ...saved }: Saved): void {
    const adopted = none();
    for (const row of saved.task) adopted.task.set(keyOf(row), row);
    for (const row of saved.list) adopted.list.set(keyOf(row), row);
    [since, leftOut, dead, isStored] = [mark.token, mark.done_since, undefined, true];
    step = nothing(since);
    if (next === undefined || mark.isWhole) [rows, next] = [adopted, undefined];
    else next = adopted;
    ahead.clear();
    for (const { version, ...answer } of answered)
      if (!lead(answer, version + (answer.row === undefined ? 1 : 0))) step.settled.push(answer);
    if (next === undefined) showAll();
    if (mark.isWhole) stepped();
  }

  function reset(isOfAnother: boolean): void {
    if (store !== undefined && since !== undefined) dead = { token: since, url } as Mark;
    [since, leftOut, step] = [undefined, done_since, nothing(undefined)];
    ahead.clear(); // the first copy is asked for afterwards
    next = none();
    if (!isOfAnother) return;
    [rows, isInStep] = [none(), false];
    showAll();
  }

  function resume(): void {
    if (ending !== undefined || followers.task.size + followers.list.size === 0) return;
    ending = new AbortController();
    void run(ending.signal);
  }

  function page(event: ChangesEvent & { type: "changes" }): void {
    const told = none();
    const removed = { task: new Set<Key>(), list: new Set<Key>() };
    const show = (written: Written) => {
      const { kind, key, row } = written;
      for (const of of [into(), told])
        if (row === undefined) of[kind].delete(key);
        else (of[kind] as Map<Key, typeof row>).set(key, row);
      removed[kind][row === undefined ? "add" : "delete"](key);
    };
    for (const change of event.changes) {
      if (change.kind === "completion") continue; // of which no collection is made
      const written = (
        change.op === "remove"
          ? { kind: change.kind, key: keyOf(change), row: undefined }
          : change.kind === "task"
            ? { kind: "task", key: keyOf(change.task), row: change.task }
            : { kind: "list", key: keyOf(change.list), row: change.list }
      ) as Written;
      const name = nameOf(written);
      step.written.set(name, written);
      const own = ahead.get(name);
      if (own && written.row && written.row.version < own.version) {
        own.before = written; // the change of what was written here is still to come
        continue;
      }
      ahead.delete(name);
      if (written.row ? isNewer(written) : into()[written.kind].has(written.key)) show(written);
    }
    since = event.next;
    // A page that was asked for after an answer, and does not tell of it: something later had been told before. The answer was
    // that to an earlier attempt.
    if (!event.more)
      for (const [name, { page, before }] of ahead)
        if (page < asked) {
          ahead.delete(name);
          step.settled.push(before);
          show(before);
        }
    asked++;
    if (next === undefined) {
      for (const kind of ["task", "list"] as const) tell(kind, [...told[kind].values()] as Rows[typeof kind][], [...removed[kind]]);
    } else if (!event.more) {
      [rows, next] = [next, undefined];
      showAll();
    }
    if (!event.more) stepped();
    if (!event.more || !isInStep) save(!event.more);
  }

  /** A first copy goes into the store page by page, what follows it only as a whole. */
  function save(isWhole: boolean): void {
    const { since: from, written, settled } = step;
    const mark = { token: since!, url, done_since: leftOut, isWhole };
    step = nothing(since);
    keep(async (store) => {
      const whose = await client.whose().catch(() => undefined);
      if (whose === undefined) return;
      const own = { ...mark, whose };
      const at = from === undefined ? undefined : { token: from, url };
      const found = await store.save({ since: at, mark: own, written: written.values(), settled, isAll: false });
      const isDone = isSame(found, at) || isSame(found, own);
      if (!isDone && found === undefined && isStored) throw new Error("The stored copy was removed.");
      if (!isDone && isWhole && isSame(found, dead)) await store.save({ since: found, mark: own, written: all(), settled, isAll: true });
      // Another page is ahead, or was when it was closed. If it has not gone on until the next change, the copy here is the newest.
      else if (!isDone && (found === undefined || found.whose === whose)) dead = found;
      if (isDone) [dead, isStored] = [undefined, true];
    });
  }

  /** The rows, as the changes have told them. */
  function* all(): Generator<Written> {
    for (const { before } of ahead.values()) if (before.row !== undefined) yield before;
    for (const kind of ["task", "list"] as const)
      for (const [key, row] of rows[kind]) {
        const written = { kind, key, row } as Written;
        if (!ahead.has(nameOf(written))) yield written;
      }
  }

  function keep(work: (store: Store) => Promise<void>): void {
    if (store !== undefined) writing = writing.then(() => store && work(store)).catch(unkept);
  }

  function unkept(error: unknown): void {
    if (store === undefined) return;
    store = undefined;
    say({ type: "unkept", error });
  }

  function into(): ReturnType<typeof none> {
    return next ?? rows;
  }

  /** False when the copy has it already, or something later. */
  function isNewer({ kind, key, row }: Written): boolean {
    return row!.version > (into()[kind].get(key)?.version ?? 0);
  }

  /** Goes ahead of the changes. False when these have told something later already. */
  function lead(written: Written, version: number): boolean {
    const { kind, key, row } = written;
    const current = into()[kind].get(key);
    const own = ahead.get(nameOf(written));
    if (version <= (current?.version ?? own?.version ?? 0)) return false;
    ahead.set(nameOf(written), { version, page: asked, before: own?.before ?? ({ kind, key, row: current } as Written) });
    if (row === undefined) into()[kind].delete(key);
    else (into()[kind] as Map<Key, typeof row>).set(key, row);
    return true;
  }

  function tell<K extends Kind>(kind: K, put: Rows[K][], removed: Key[]): void {
    if (put.length || removed.length) for (const follower of followers[kind]) follower.apply(put, removed, false);
  }

  function showAll(): void {
    for (const follower of followers.task) follower.apply([...rows.task.values()], [], true);
    for (const follower of followers.list) follower.apply([...rows.list.values()], [], true);
  }

  function stepped(): void {
    isInStep = true;
    for (const follower of everybody()) follower.inStep();
  }

  function everybody() {
    return [...followers.task, ...followers.list];
  }

  function answered(written: Written, version: number): void {
    if (next !== undefined) return;
    keep(async (store) => {
      const whose = await client.whose().catch(() => undefined);
      if (whose !== undefined) await store.note({ ...written, version }, whose);
    });
  }

  return {
    resume,
    /** Tells what there is now and from now on, until the returned function is called. */
    follow<K extends Kind>(kind: K, follower: Follower<Rows[K]>): () => void {
      const all = followers[kind] as Set<Follower<Rows[K]>>;
      all.add(follower);
      follower.apply([...rows[kind].values()] as Rows[K][], [], true);
      if (isInStep) follower.inStep();
      resume();
      return () => {
        all.delete(follower);
        if (followers.task.size + followers.list.size > 0) return;
        ending?.abort();
        ending = undefined;
      };
    },
    get<K extends Kind>(kind: K, key: Key): Rows[K] | undefined {
      return into()[kind].get(key) as Rows[K] | undefined;
    },
    /** As an answer of the API has it. */
    put<K extends Kind>(kind: K, row: Rows[K]): void {
      const written = { kind, key: keyOf(row), row } as Written;
      if (!lead(written, row.version)) return;
      answered(written, row.version);
      tell(kind, [row], []);
    },
    /** Deleted in this version: what a page on its way says of it is older. */
    removed(kind: Kind, key: Key, version: number): void {
      const written = { kind, key, row: undefined } as Written;
      if (!lead(written, version + 1)) return;
      answered(written, version);
      tell(kind, [], [key]);
    },
  };
}

function none() {
  return { task: new Map<Key, TaskRead>(), list: new Map<Key, ListRead>() };
}

function nothing(since: string | undefined) {
  return { since, written: new Map<string, Written>(), settled: [] as Pick<Written, "kind" | "key">[] };
}
