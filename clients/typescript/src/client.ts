import { callsOver, type OptionsOf } from "./calls.js";
import { changesOver } from "./changes.js";
import { connect, doubling, type Options } from "./connection.js";
import type { Batch, BatchRead } from "./openapi.js";

export type BatchOperation = Batch["operations"][number];
type BatchResult = BatchRead["results"][number];
/** Of each operation its own result, in the same order. */
export type BatchResults<Operations extends readonly BatchOperation[]> = {
  -readonly [Index in keyof Operations]: Extract<BatchResult, { op: Operations[Index]["op"] }>;
};

/** A client of one user. It keeps no connection: there is nothing to close. */
export function taskward(options: Options) {
  const connection = connect(options);
  const { call, send, pages } = callsOver(connection);
  const sendBatch = send("POST /tasks/batch");
  const deleteList = call("DELETE /lists/{list_id}");

  return {
    /** Where the API is, in full. */
    url: connection.url,
    /** All that the token says of its user, and the address: to tell what is kept for one from what is another's. */
    whose: connection.whose,
    tasks: {
      ...pages("GET /tasks"),
      create: send("POST /tasks"),
      find: call("GET /tasks/{task_id}"),
      replace: send("PUT /tasks/{task_id}"),
      change: send("PATCH /tasks/{task_id}"),
      /** To another place, list or parent; its subtasks move along. */
      move: send("POST /tasks/{task_id}/move"),
      /** Moves the task to the trash. */
      delete: call("DELETE /tasks/{task_id}"),
      /** Done, or of a task that recurs the next occurrence is open. Name the `occurrence`. */
      complete: send("POST /tasks/{task_id}/complete"),
      /** As completing it, and remembered as skipped. */
      skip: send("POST /tasks/{task_id}/skip"),
      /** Takes back that it is Done, or the latest completion. */
      reopen: send("POST /tasks/{task_id}/reopen"),
      completions: pages("GET /tasks/{task_id}/completions"),
      /** The dates that are to come. */
      occurrences: call("GET /tasks/{task_id}/occurrences"),
      /** Carries out all of the operations, or none. */
      async batch<const Operations extends readonly BatchOperation[]>(
        operations: Operations,
        options?: OptionsOf<"POST /tasks/batch">,
      ): Promise<BatchResults<Operations>> {
        const { results } = await sendBatch({ operations: [...operations] }, options);
        return results as BatchResults<Operations>;
      },
    },
    trash: {
      ...pages("GET /trash"),
      restore: call("POST /tasks/{task_id}/restore"),
      /** Removes a task of the trash for good. */
      erase: call("DELETE /trash/{task_id}"),
      empty: call("DELETE /trash"),
    },
    lists: {
      /** All of them, in their order. */
      list: call("GET /lists"),
      create: send("POST /lists"),
      find: call("GET /lists/{list_id}"),
      replace: send("PUT /lists/{list_id}"),
      change: send("PATCH /lists/{list_id}"),
      move: send("POST /lists/{list_id}/move"),
      /** In as many calls as its tasks need. */
      async delete(id: number | string, options: OptionsOf<"DELETE /lists/{list_id}"> = {}): Promise<void> {
        const { idempotencyKey: key } = options;
        for (let portion = 1; ; portion++) {
          const own = key === undefined || portion === 1 ? key : `${key}/${portion}`;
          if ((await deleteList(id, { ...options, idempotencyKey: own })) === undefined) return;
        }
      },
    },
    tags: call("GET /tags"),
    /** What has changed, as it happens. */
    changes: changesOver(call("GET /changes"), options.backoff ?? doubling, connection.whose),
    calendar: {
      /** The address at which calendar programs read the due tasks, in place of the one before. It is not told again. */
      make: call("POST /calendar"),
      /** Nobody reads there any more. */
      remove: call("DELETE /calendar"),
    },
    me: {
      /** Removes all that the user has, for good. */
      forget: call("DELETE /me"),
    },
  };
}

export type Taskward = ReturnType<typeof taskward>;
