import type { ChangesEvent, ChangesOptions } from "./changes.js";
import type { ListRead, TaskRead } from "./openapi.js";

export interface Rows {
  task: TaskRead;
  list: ListRead;
}
export type Kind = keyof Rows;
/** The `uid` of a row, or its id where it has none: what names it for ever, before it is created too. Paths take either. */
export type Key = string;

/** What is heard of the changes; and `failed`: the copy has ended with what does not pass by itself, until it is resumed. */
export type CopyEvent = ChangesEvent | { type: "failed"; error: unknown };

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

/**
 * A copy of the rows in memory, in step with the API as long as somebody follows it. When nobody does it rests, and goes on from
 * there with the next one.
 */
export function copyOf(
  changes: (options: ChangesOptions) => AsyncIterable<ChangesEvent>,
  { done_since, say }: { done_since?: string | undefined; say: (event: CopyEvent) => void },
) {
  const followers: { [K in Kind]: Set<Follower<Rows[K]>> } = { task: new Set(), list: new Set() };
  let rows = none();
  /** A new first copy after a reset: it takes the place of the rows when it is whole, so that nobody sees half of it. */
  let next: ReturnType<typeof none> | undefined;
  let since: string | undefined;
  let isInStep = false;
  let ending: AbortController | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of changes({ since, done_since, signal })) {
        if (event.type === "reset") [next, since] = [none(), undefined];
        if (event.type === "changes") page(event);
        say(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      ending = undefined;
      for (const follower of [...followers.task, ...followers.list]) follower.failed(error);
      say({ type: "failed", error });
    }
  }

  function resume(): void {
    if (ending !== undefined || followers.task.size + followers.list.size === 0) return;
    ending = new AbortController();
    void run(ending.signal);
  }

  function page(event: ChangesEvent & { type: "changes" }): void {
    const told = { task: { put: [] as TaskRead[], removed: [] as Key[] }, list: { put: [] as ListRead[], removed: [] as Key[] } };
    for (const change of event.changes) {
      if (change.kind === "completion") continue; // of which no collection is made
      if (change.op === "remove") {
        const [kind, key] = [change.kind, keyOf(change)];
        if (taken(kind, key)) told[kind].removed.push(key);
      } else if (change.kind === "task") {
        if (kept("task", change.task)) told.task.put.push(change.task);
      } else if (kept("list", change.list)) told.list.put.push(change.list);
    }
    since = event.next;
    if (next === undefined) {
      for (const kind of ["task", "list"] as const) tell(kind, told[kind].put, told[kind].removed);
    } else if (!event.more) {
      [rows, next] = [next, undefined];
      for (const follower of followers.task) follower.apply([...rows.task.values()], [], true);
      for (const follower of followers.list) follower.apply([...rows.list.values()], [], true);
    }
    isInStep ||= !event.more;
    if (!event.more) for (const follower of [...followers.task, ...followers.list]) follower.inStep();
  }

  /** False when the copy has it already, or something later: what was written here is known before its change arrives. */
  function kept<K extends Kind>(kind: K, row: Rows[K]): boolean {
    const into = (next ?? rows)[kind] as Map<Key, Rows[K]>;
    const key = keyOf(row);
    if (row.version <= (into.get(key)?.version ?? rows.gone.get(key) ?? 0)) return false;
    into.set(key, row);
    return true;
  }

  function taken(kind: Kind, key: Key): boolean {
    return (next ?? rows)[kind].delete(key);
  }

  function tell<K extends Kind>(kind: K, put: Rows[K][], removed: Key[]): void {
    if (put.length || removed.length) for (const follower of followers[kind]) follower.apply(put, removed, false);
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
      return (next ?? rows)[kind].get(key) as Rows[K] | undefined;
    },
    /** As an answer of the API has it. */
    put<K extends Kind>(kind: K, row: Rows[K]): void {
      if (kept(kind, row)) tell(kind, [row], []);
    },
    /** Deleted in this version: what a page on its way says of it is older. */
    removed(kind: Kind, key: Key, version: number): void {
      rows.gone.set(key, version);
      if (taken(kind, key)) tell(kind, [], [key]);
    },
  };
}

function none() {
  return { task: new Map<Key, TaskRead>(), list: new Map<Key, ListRead>(), gone: new Map<Key, number>() };
}
