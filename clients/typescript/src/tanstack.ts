import type { CollectionConfig } from "@tanstack/db";
import type { Version } from "./calls.js";
import type { Taskward } from "./client.js";
import { isPassing, uuid } from "./connection.js";
import { type CopyEvent, copyOf, keyOf } from "./copy.js";
import { isTaskwardError, TaskwardError } from "./errors.js";
import { between, type Place, type Placed } from "./places.js";
import type { ListCreate, ListRead, TaskCreate, TaskRead } from "./openapi.js";
import type { Key, Kind, Rows, Store } from "./stored.js";

/** Two people, or two devices, have changed the same fields of one row. */
export type Conflict<K extends Kind = Kind> = {
  [Each in K]: {
    kind: Each;
    /** As the change found it. */
    was: Rows[Each];
    /** As the change left it. */
    mine: Rows[Each];
    /** As it has become meanwhile. */
    theirs: Rows[Each];
    /** The fields in which mine and theirs differ, and both from what was. */
    fields: (keyof Rows[Each] & string)[];
  };
}[K];

export interface CollectionOptions {
  client: Taskward;
  /** Where the copy outlives the page: `indexedDbStore` of `@taskward/client/store`. Without it the copy is in memory alone. */
  store?: Store | undefined;
  /** Leaves tasks out of the first copy that were done before this day or instant. */
  done_since?: string | undefined;
  /**
   * What to write of the fields in conflict: `mine`, `theirs`, or any values of them. Without this function the change fails
   * with `version_mismatch`, and theirs stays.
   */
  onConflict?: (conflict: Conflict) => Partial<TaskRead & ListRead> | Promise<Partial<TaskRead & ListRead>>;
  /** Told of every event of the copy: "interrupted" and "changes" say whether the API answers, "failed" that it has ended. */
  onEvent?: (event: CopyEvent) => void;
}

type Fields = Record<string, unknown>;
type Row = (TaskRead | ListRead) & Placed;
export type TaskRow = TaskRead & Placed;
export type ListRow = ListRead & Placed;

export { keyOf, type CopyEvent };

/** What a write needs of a mutation of TanStack DB, and what is left of one after it was stored. */
interface Mutation {
  type: "insert" | "update" | "delete";
  mutationId: string;
  original: object;
  modified: object;
  changes: object;
  collection: { id: string };
}

const KINDS = { "taskward-tasks": "task", "taskward-lists": "list" } as const;
const SET_BY_THE_API = ["id", "version", "created_at", "updated_at", "position", "occurrence", "occurrence_date", "place"];
const PLACE = ["position", "place"]; // whoever moves last has the last word
const ATTEMPTS = 10; // of a change that others get ahead of

/**
 * The options of two TanStack DB collections, for `createCollection`, and what writes their mutations.
 *
 * Reads are local and live. Writes show at once, happen once, and are taken back when the API refuses them. Of a row that
 * has changed meanwhile, the fields that only one side changed are merged.
 */
export function taskwardCollections({ client, store, done_since, onConflict, onEvent = () => {} }: CollectionOptions) {
  const copy = copyOf(client, { store, done_since, say: onEvent });
  let last: Promise<unknown> = Promise.resolve();

  function config<K extends Kind>(id: keyof typeof KINDS, kind: K): CollectionConfig<Rows[K] & Placed, Key> {
    const written = ({ transaction }: { transaction: { mutations: readonly Mutation[] } }) =>
      writeAll(transaction.mutations, ({ mutationId }) => mutationId);
    return {
      id,
      getKey: keyOf,
      sync: {
        rowUpdateMode: "full",
        sync({ begin, write, commit, truncate, markReady, markError, collection }) {
          const shown = new Set<Key>();
          return copy.follow(kind, {
            apply(put, removed, isWhole) {
              begin();
              if (isWhole && shown.size) {
                truncate();
                shown.clear();
              }
              for (const row of put) write({ type: shown.has(keyOf(row)) ? "update" : "insert", value: row });
              for (const row of put) shown.add(keyOf(row));
              for (const key of removed) if (shown.delete(key)) write({ type: "delete", key });
              commit();
            },
            inStep: markReady,
            failed(error) {
              if (collection.status === "loading") markError(error);
            },
          });
        },
      },
      onInsert: written,
      onUpdate: written,
      onDelete: written,
    };
  }

  /** Each mutation is a write of its own, after all that were made before it: what a row is created in, or put behind, is there. */
  async function writeAll(mutations: readonly Mutation[], nameOf: (mutation: Mutation, index: number) => string): Promise<void> {
    for (const [index, mutation] of mutations.entries()) {
      const kind = KINDS[mutation.collection.id as keyof typeof KINDS];
      const turn = () => write(kind, keyOf(mutation.modified as Row), mutation, nameOf(mutation, index));
      await (last = last.then(turn, turn));
    }
  }

  function write(kind: Kind, key: Key, mutation: Mutation, name: string): Promise<void> {
    if (mutation.type === "insert") return create(kind, key, mutation.modified as Row, name);
    if (mutation.type === "delete") return remove(kind, key, mutation.original as Row, name);
    return change(kind, key, mutation as unknown as { original: Row; modified: Row; changes: Fields }, name);
  }

  async function create(kind: Kind, key: Key, row: Row, idempotencyKey: string): Promise<void> {
    const body = Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== null && !SET_BY_THE_API.includes(name)));
    try {
      const created = await rooms[kind].create(body, { idempotencyKey });
      copy.put(kind, created);
      if (row.place) await send(kind, key, { place: row.place }, { ifMatch: created.version, idempotencyKey: `${idempotencyKey}/placed` });
    } catch (error) {
      if (!isTaskwardError(error, "uid_taken")) throw error;
      copy.put(kind, await rooms[kind].find(key)); // created longer ago than keys are kept
    }
  }

  async function change(
    kind: Kind,
    key: Key,
    { original: was, modified: mine, changes }: { original: Row; modified: Row; changes: Fields },
    name: string,
  ): Promise<void> {
    let base = copy.get(kind, key) ?? was;
    let wanted = changes;
    for (let attempt = 1; ; attempt++) {
      try {
        if (base.version !== was.version) wanted = await merged(kind, was, mine, base, changes);
        // An attempt that is another write has another name; repeated after a restart, it is the same again.
        const options = { ifMatch: base.version, idempotencyKey: attempt === 1 ? name : `${name}/${base.version}` };
        await send(kind, key, wanted, options);
        return;
      } catch (error) {
        // It was made before its task had been answered, and has got ahead of the creation.
        if (was.version === 0 && isTaskwardError(error, "task_not_found", "list_not_found")) return create(kind, key, mine, `${name}/new`);
        if (!isTaskwardError(error, "version_mismatch") || error.status === 0 || attempt === ATTEMPTS) throw error;
        base = await rooms[kind].find(key);
        copy.put(kind, base);
      }
    }
  }

  /** The changes that are left over when theirs are already there. */
  async function merged(kind: Kind, was: Row, mine: Row, theirs: Row, changes: Fields): Promise<Fields> {
    const left = Object.fromEntries(Object.entries(changes).filter(([name, value]) => !same(value, (theirs as unknown as Fields)[name])));
    const fields = Object.keys(left).filter((name) => !PLACE.includes(name) && hasChanged(name, was, theirs));
    if (fields.length === 0) return left;
    if (!onConflict)
      throw new TaskwardError("version_mismatch", `Somebody else has changed ${fields.join(" and ")} meanwhile.`);
    const chosen: Fields = { ...(await onConflict({ kind, was, mine, theirs, fields } as Conflict)) };
    for (const name of fields) {
      if (name in chosen && !same(chosen[name], (theirs as unknown as Fields)[name])) left[name] = chosen[name];
      else delete left[name];
    }
    return left;
  }

  async function send(kind: Kind, key: Key, wanted: Fields, options: { ifMatch: Version; idempotencyKey: string }): Promise<void> {
    const { position: _, place, list_id, parent_id, ...patch } = wanted;
    const move = defined({ list_id, parent_id, ...(place as Place | undefined) });
    let { ifMatch, idempotencyKey } = options;
    if (Object.keys(move).length) {
      const moved = await rooms[kind].move(key, move, { ifMatch, idempotencyKey });
      copy.put(kind, moved);
      [ifMatch, idempotencyKey] = [moved.version, `${idempotencyKey}/moved`];
    }
    if (Object.keys(patch).length) copy.put(kind, await rooms[kind].change(key, patch, { ifMatch, idempotencyKey }));
  }

  /** Whatever the others have made of it: a task is in the trash as they left it. */
  async function remove(kind: Kind, key: Key, was: Row, idempotencyKey: string): Promise<void> {
    let { version } = copy.get(kind, key) ?? was;
    for (let attempt = 1; ; attempt++) {
      try {
        await rooms[kind].delete(key, { ifMatch: version, idempotencyKey });
        return copy.removed(kind, key, version);
      } catch (error) {
        if (isTaskwardError(error, "task_not_found", "list_not_found")) return copy.removed(kind, key, version);
        if (!isTaskwardError(error, "version_mismatch") || attempt === ATTEMPTS) throw error;
        ({ version } = await rooms[kind].find(key));
      }
    }
  }

  const rooms = { task: client.tasks, list: client.lists } as unknown as Record<Kind, Room>;

  return {
    tasks: config("taskward-tasks", "task"),
    lists: config("taskward-lists", "list"),
    /** Goes on after "failed", as when the user has signed in again. */
    resume: copy.resume,
    /**
     * A mutation function for `@tanstack/offline-transactions`, which keeps writes over a restart until they have happened.
     *
     * It takes that package's `NonRetriableError`, for what the API refuses for good.
     */
    writing(Refused: new (message: string) => Error) {
      return async ({ transaction, idempotencyKey }: { transaction: { mutations: readonly unknown[] }; idempotencyKey: string }) => {
        try {
          await writeAll(transaction.mutations as Mutation[], (_, index) => `${idempotencyKey}/${index}`);
        } catch (error) {
          if (!isTaskwardError(error)) throw error;
          const { code, detail, status } = error;
          const isForGood = status >= 400 && status < 500 && status !== 401 && code !== "unexpected_answer" && !isPassing(error);
          if (!isForGood) throw new Error(`Taskward does not take the write now: ${code}.`, { cause: error });
          throw Object.assign(new Refused(detail), { cause: error });
        }
      };
    },
  };
}

/** What is called of tasks and of lists alike. */
interface Room {
  create(body: object, options: { idempotencyKey: string }): Promise<Row>;
  find(key: Key): Promise<Row>;
  move(key: Key, move: Fields, options: { ifMatch: Version; idempotencyKey: string }): Promise<Row>;
  change(key: Key, patch: Fields, options: { ifMatch: Version; idempotencyKey: string }): Promise<Row>;
  delete(key: Key, options: { ifMatch: Version; idempotencyKey: string }): Promise<void>;
}

/** A task to insert, as it is shown until the API has answered. */
export function newTask(fields: TaskCreate): TaskRow {
  const plain = { title: "", description: null, status: "Todo", priority: null, tags: [], completed_at: null };
  const due = { due_on: null, due_at: null, time_zone: null, reminders: [] };
  const recurrence = { recurrence: null, recurrence_anchor: "due", occurrence: null, occurrence_date: null };
  return { ...fresh(), ...plain, ...due, ...recurrence, list_id: null, parent_id: null, ...fields } as TaskRow;
}

type Neighbour = Pick<Row, "id" | "uid" | "position">;

/** In a change of its collection: moves a row between two others of its list, each undefined at the end. */
export function place(row: Placed & { position: string }, low: Neighbour | undefined, high: Neighbour | undefined): void {
  row.position = between(low?.position ?? "", high?.position);
  row.place = low === undefined ? { to: "first" } : { after: keyOf(low) };
}

/** A list to insert, as it is shown until the API has answered. */
export function newList(fields: ListCreate): ListRow {
  return { ...fresh(), color: null, ...fields } as ListRow;
}

function fresh() {
  return { id: 0, uid: uuid(), position: "~", created_at: new Date().toISOString(), updated_at: null, version: 0 };
}

const DUE = ["due_on", "due_at"]; // a value for one clears the other

function hasChanged(name: string, was: Row, theirs: Row): boolean {
  const names = DUE.includes(name) ? DUE : [name];
  return names.some((each) => !same((was as unknown as Fields)[each], (theirs as unknown as Fields)[each]));
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
