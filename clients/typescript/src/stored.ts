import type { ListRead, TaskRead } from "./openapi.js";

export interface Rows {
  task: TaskRead;
  list: ListRead;
}
export type Kind = keyof Rows;
/** The `uid` of a row, or its id where it has none: what names it for ever, before it is created too. Paths take either. */
export type Key = string;

/** A row as it is, or that it is gone. */
export type Written = { [K in Kind]: { kind: K; key: Key; row: Rows[K] | undefined } }[Kind];

/** What was answered to a write of this device, and may not have been told by a change yet. */
export type Answered = Written & { version: number };

/** How far a stored copy has come. */
export interface Mark {
  /** Where it goes on, and at which address. */
  token: string;
  url: string;
  /** Of whom, as `client.whose()` has it. */
  whose: string;
  /** What its first copy left out. */
  done_since: string | undefined;
  /** False in the middle of a first copy. */
  isWhole: boolean;
}

export interface Saved {
  mark: Mark;
  task: TaskRead[];
  list: ListRead[];
  answered: Answered[];
}

export interface Step {
  /** The mark must be this one, undefined: there must be none. Otherwise nothing of the rows is written. */
  since: Pick<Mark, "token" | "url"> | undefined;
  mark: Mark;
  /** In place of those with the same kind and key, or with `isAll` of everything. */
  written: Iterable<Written>;
  isAll: boolean;
  /** Answers that need not be kept any more, besides those of rows that are written. */
  settled: Iterable<Pick<Written, "kind" | "key">>;
}

/** Where a copy outlives its page. Each call is one transaction, after those before it. */
export interface Store {
  load(): Promise<Saved | undefined>;
  /** Answers the mark that was there before. */
  save(step: Step): Promise<Mark | undefined>;
  /** Keeps an answer beside the rows, as long as the mark is one of the same user. */
  note(answer: Answered, whose: string): Promise<void>;
  /** Waits until no other page makes a first copy, and lets others do so with the function that it answers. */
  alone(signal: AbortSignal): Promise<() => void>;
  /** Removes everything, when the user signs out. The store is of no use afterwards. */
  clear(): Promise<void>;
}

export function nameOf({ kind, key }: Pick<Written, "kind" | "key">): string {
  return `${kind}/${key}`;
}

/** Whether both are the same state of the same copy: a token belongs to its owner, and counts at its own address. */
export function isSame(one: Step["since"], other: Step["since"]): boolean {
  return one?.token === other?.token && one?.url === other?.url;
}
