import type { Answer, Connection } from "./connection.js";
import type { paths } from "./openapi.js";

/** "GET /tasks/{task_id}" and so on: every operation of the OpenAPI document. */
export type Route = {
  [Path in keyof paths]: {
    [Method in "get" | "post" | "put" | "patch" | "delete"]: paths[Path][Method] extends { responses: unknown }
      ? `${Uppercase<Method>} ${Path}`
      : never;
  }["get" | "post" | "put" | "patch" | "delete"];
}[keyof paths];

type Operation<R extends Route> = R extends `${infer Method} ${infer Path extends keyof paths}`
  ? paths[Path][Lowercase<Method> & keyof paths[Path]]
  : never;

/** Those that have a body, and those that have none. */
export type BodyRoute = { [R in Route]: [BodyOf<R>] extends [never] ? never : R }[Route];
export type PlainRoute = Exclude<Route, BodyRoute>;
/** Those that answer a page at a time. */
export type PageRoute = {
  [R in PlainRoute]: "cursor" extends keyof Parameters<R, "query"> ? R : never;
}[PlainRoute];

/** A `version`, or an entity tag as it stands in `ETag`, or `*`. */
export type Version = number | string;

type Parameters<R extends Route, Place extends "path" | "query" | "header"> =
  Operation<R> extends { parameters: { [P in Place]?: infer Found } }
    ? [NonNullable<Found>] extends [never]
      ? {}
      : NonNullable<Found>
    : {};

type BodyOf<R extends Route> =
  Operation<R> extends { requestBody?: infer Found }
    ? [NonNullable<Found>] extends [never]
      ? never
      : NonNullable<Found> extends { content: { "application/json": infer Body } }
        ? Body
        : never
    : never;

export type ResultOf<R extends Route> =
  Operation<R> extends { responses: infer Answers }
    ? {
        [Status in keyof Answers]: Status extends 204
          ? void
          : Status extends 200 | 201
            ? Answers[Status] extends { content: { "application/json": infer Data } }
              ? Data
              : void
            : never;
      }[keyof Answers]
    : never;

type ItemOf<R extends PageRoute> = ResultOf<R> extends readonly (infer Item)[] ? Item : never;

/** One value may stand for a list of one, and `true` for "true". */
type Given<Value> = Value extends readonly (infer Item)[]
  ? Item | readonly Item[]
  : Value extends "true"
    ? true | Value
    : Value;

/** The parameters of the query by their names in the API, and what stands in headers. */
export type OptionsOf<R extends Route> = {
  [Name in keyof Parameters<R, "query">]: Given<Parameters<R, "query">[Name]> | undefined;
} & ("If-Match" extends keyof Parameters<R, "header">
  ? {
      /** The `version` that this change is based on: the call is refused with `version_mismatch` when there is another. */
      ifMatch?: Version | undefined;
    }
  : {}) &
  ("Idempotency-Key" extends keyof Parameters<R, "header">
    ? {
        /** To be given where the application repeats a call itself, after a restart too; each call has its own otherwise. */
        idempotencyKey?: string | undefined;
      }
    : {}) & { signal?: AbortSignal | undefined };

type Ids<R extends Route> = keyof Parameters<R, "path"> extends never ? [] : [id: Parameters<R, "path">[keyof Parameters<R, "path">]];
type Bodies<R extends Route> = [BodyOf<R>] extends [never]
  ? []
  : Operation<R> extends { requestBody: unknown }
    ? [body: BodyOf<R>]
    : [body?: BodyOf<R>];
type Last<Options> = {} extends Options ? [options?: Options] : [options: Options];

/** A call of one operation: its id, its body and its options, as far as it has them. */
export type Call<R extends Route> = ((...given: [...Ids<R>, ...Bodies<R>, ...Last<OptionsOf<R>>]) => Promise<ResultOf<R>>) &
  ("If-None-Match" extends keyof Parameters<R, "header">
    ? /** Null when it is still the version that the application has. */
      (...given: [...Ids<R>, options: OptionsOf<R> & { ifNoneMatch: Version }]) => Promise<ResultOf<R> | null>
    : unknown);

export interface Page<Item> {
  items: Item[];
  /** The `cursor` of the next page; null after the last one. */
  next: string | null;
  /** How many there are in all, with `count`; null otherwise. */
  total: number | null;
}

export interface Pages<R extends PageRoute> {
  /** One page. */
  list(...given: [...Ids<R>, ...Last<OptionsOf<R>>]): Promise<ItemOf<R>[]>;
  /** One page, with the cursor of the next one. */
  page(...given: [...Ids<R>, ...Last<OptionsOf<R>>]): Promise<Page<ItemOf<R>>>;
  /** All there are, page after page, as they are asked for. */
  all(...given: [...Ids<R>, ...Last<OptionsOf<R>>]): AsyncGenerator<ItemOf<R>, void, undefined>;
}

interface Rest extends Record<string, unknown> {
  signal?: AbortSignal;
  ifMatch?: Version;
  ifNoneMatch?: Version;
  idempotencyKey?: string;
}

/** What makes functions of operations. */
export function callsOver(connection: Connection) {
  function answerOf(route: Route, hasBody: boolean): (...given: unknown[]) => Promise<Answer> {
    const [method = "", path = ""] = route.split(" ");
    return async (...given) => {
      const target = path.replace(/\{\w+\}/g, () => encodeURIComponent(String(given.shift())));
      const body = hasBody ? given.shift() : undefined;
      const { signal, ifMatch, ifNoneMatch, idempotencyKey, ...query } = (given.shift() ?? {}) as Rest;
      const headers: Record<string, string> = {};
      if (ifMatch !== undefined) headers["If-Match"] = entityTag(ifMatch);
      if (ifNoneMatch !== undefined) headers["If-None-Match"] = entityTag(ifNoneMatch);
      if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
      const waitSeconds = Number(query["wait"] ?? 0);
      return connection.send({ method, path: target, query, headers, body, signal, waitSeconds });
    };
  }

  function calling(route: Route, hasBody: boolean) {
    const answered = answerOf(route, hasBody);
    return async (...given: unknown[]) => {
      const { status, data } = await answered(...given);
      return status === 304 ? null : data;
    };
  }

  return {
    /** An operation without a body. */
    call: <R extends PlainRoute>(route: R) => calling(route, false) as Call<R>,
    /** An operation with a body. */
    send: <R extends BodyRoute>(route: R) => calling(route, true) as Call<R>,
    /** An operation that answers a page at a time. */
    pages<R extends PageRoute>(route: R): Pages<R> {
      const answered = answerOf(route, false);
      const ids = route.split("{").length - 1;
      async function page(...given: unknown[]): Promise<Page<ItemOf<R>>> {
        const { data, headers } = await answered(...given);
        const total = headers.get("X-Total-Count");
        return { items: data as ItemOf<R>[], next: cursorIn(headers.get("Link")), total: total === null ? null : Number(total) };
      }
      return {
        page,
        list: async (...given: unknown[]) => (await page(...given)).items,
        async *all(...given: unknown[]) {
          let { items, next } = await page(...given);
          yield* items;
          while (next !== null) {
            const options = { ...(given[ids] as object | undefined), skip: undefined, cursor: next };
            ({ items, next } = await page(...given.slice(0, ids), options));
            yield* items;
          }
        },
      };
    },
  };
}

function entityTag(version: Version): string {
  return typeof version === "number" ? `"${version}"` : version;
}

/** Of `<?cursor=…&limit=…>; rel="next"`. */
function cursorIn(link: string | null): string | null {
  const query = /<\?([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  return new URLSearchParams(query).get("cursor");
}
