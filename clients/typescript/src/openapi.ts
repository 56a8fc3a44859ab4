// Made by `make client` from the OpenAPI document: not to be edited.

export interface paths {
    "/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tasks
         * @description List your tasks: all of them in order of creation, or those you ask for, in the order you ask for.
         */
        get: operations["list_tasks"];
        put?: never;
        /**
         * Create Task
         * @description Create a task of your own. With a `uid` or an `Idempotency-Key` a retry creates no second one.
         */
        post: operations["create_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find Task
         * @description Read one task.
         */
        get: operations["find_task"];
        /**
         * Replace Task
         * @description Replace a task as a whole: an omitted optional field takes its default.
         */
        put: operations["replace_task"];
        post?: never;
        /**
         * Delete Task
         * @description Move a task to the trash.
         */
        delete: operations["delete_task"];
        options?: never;
        head?: never;
        /**
         * Change Task
         * @description Change the fields that are sent, and no other.
         */
        patch: operations["change_task"];
        trace?: never;
    };
    "/tasks/{task_id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move Task
         * @description Move a task to another place, list or parent. Its subtasks move along.
         */
        post: operations["move_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tags
         * @description List the tags on your tasks, by code point.
         */
        get: operations["list_tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Apply Batch
         * @description Carry out up to 100 operations in order, all or none. An error names the first that failed in `operation`.
         */
        post: operations["apply_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Trash
         * @description List what you have deleted, the latest first.
         */
        get: operations["list_trash"];
        put?: never;
        post?: never;
        /**
         * Empty Trash
         * @description Empty the trash for good.
         */
        delete: operations["empty_trash"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Task
         * @description Take a task out of the trash.
         */
        post: operations["restore_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trash/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase Task
         * @description Remove a task from the trash for good.
         */
        delete: operations["erase_task"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete Task
         * @description Complete a task: it is Done, or where it recurs its next occurrence is open.
         *
         *     Of a task that recurs this needs `occurrence`, `If-Match` or `Idempotency-Key`: a repeated request must not complete
         *     the next one too.
         */
        post: operations["complete_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Skip Occurrence
         * @description Skip the open occurrence of a task that recurs: as completing it, and remembered as skipped.
         */
        post: operations["skip_occurrence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reopen Task
         * @description Make a Done task Todo; of one that recurs, take back the latest completion or skip.
         */
        post: operations["reopen_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Completions
         * @description List which occurrences of a task were completed or skipped, the newest first.
         */
        get: operations["list_completions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{task_id}/occurrences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Occurrences
         * @description List the dates that the series of a task has after the open occurrence.
         */
        get: operations["list_occurrences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/lists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Lists
         * @description List your lists, all of them, in the order that you gave them.
         */
        get: operations["list_lists"];
        put?: never;
        /**
         * Create List
         * @description Create a list, behind those that you have. With an `Idempotency-Key` a retry creates no second one.
         */
        post: operations["create_list"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/lists/{list_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find List
         * @description Read one list. Its tasks are those of `GET /tasks?list=…`.
         */
        get: operations["find_list"];
        /**
         * Replace List
         * @description Replace name and color of a list: an omitted color is none.
         */
        put: operations["replace_list"];
        post?: never;
        /**
         * Delete List
         * @description Delete a list. At most 1,000 of its tasks go with one call, families together: while some are left, the answer is
         *     200 and how many, and you send the request again, with an `Idempotency-Key` of its own. 204 says that it is gone.
         */
        delete: operations["delete_list"];
        options?: never;
        head?: never;
        /**
         * Change List
         * @description Change the fields that are sent, and no other.
         */
        patch: operations["change_list"];
        trace?: never;
    };
    "/lists/{list_id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move List
         * @description Move a list to another place among your lists.
         */
        post: operations["move_list"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Changes
         * @description List what has changed since the call before, removals too; without `since` everything that is there.
         */
        get: operations["list_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Calendar Link
         * @description Make the address of your calendar, in place of the one before.
         *
         *     Each call makes another, whatever its `Idempotency-Key`: only a digest of the address is kept, so it cannot be told
         *     once more. Of several answers the latest holds.
         */
        post: operations["make_calendar_link"];
        /**
         * Remove Calendar Link
         * @description Remove the address of your calendar: nobody can read it there any more.
         */
        delete: operations["remove_calendar_link"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calendar/{secret}.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Calendar
         * @description Read the due tasks of whoever made the address; no token is needed. Those that are Done are left out, and where
         *     there are more than 2,000, or 4 MiB of text, those that are farthest from now.
         */
        get: operations["read_calendar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Forget Me
         * @description Remove everything that is yours, for good: your tasks, the trash, and what is remembered for idempotency keys.
         */
        delete: operations["forget_me"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description The process lives. Needs no token and no database: point periodic probes here.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ready
         * @description The database answers and its schema is this release's. Wakes a sleeping database.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Batch: Batch;
        BatchRead: BatchRead;
        CalendarLinkRead: CalendarLinkRead;
        ChangesRead: ChangesRead;
        Completed: Completed;
        CompletionKind: CompletionKind;
        CompletionPut: CompletionPut;
        CompletionRead: CompletionRead;
        CompletionRemoval: CompletionRemoval;
        CompletionRequest: CompletionRequest;
        CreateOperation: CreateOperation;
        CreateResult: CreateResult;
        DeleteOperation: DeleteOperation;
        DeleteResult: DeleteResult;
        Health: Health;
        ListCreate: ListCreate;
        ListMove: ListMove;
        ListPatch: ListPatch;
        ListPut: ListPut;
        ListRead: ListRead;
        ListReplace: ListReplace;
        MoveOperation: MoveOperation;
        MoveResult: MoveResult;
        PatchOperation: PatchOperation;
        PatchResult: PatchResult;
        Priority: Priority;
        PriorityAsked: PriorityAsked;
        RecurrenceAnchor: RecurrenceAnchor;
        Reminder: Reminder;
        Removal: Removal;
        ReopeningRequest: ReopeningRequest;
        Sort: Sort;
        Status: Status;
        TaskCreate: TaskCreate;
        TaskMove: TaskMove;
        TaskPatch: TaskPatch;
        TaskPut: TaskPut;
        TaskRead: TaskRead;
        TaskReplace: TaskReplace;
        TasksLeft: TasksLeft;
        TrashedTask: TrashedTask;
        Problem: Problem;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_tasks: {
        parameters: {
            query?: {
                /** @description Any of these. */
                status?: components["schemas"]["Status"][];
                /** @description Any of these; `none` for tasks without a priority. */
                priority?: components["schemas"]["PriorityAsked"][];
                /** @description All of these. */
                tag?: string[];
                /** @description Any of these: the id of a list, or its uid; `inbox` for tasks in no list. */
                list?: (number | string | "inbox")[];
                /** @description A day, or an instant with its offset, that is not included itself. */
                due_before?: string;
                /** @description A day, or an instant with its offset, that is not included itself. */
                due_after?: string;
                /** @description Tasks that are due before now and not Done. */
                overdue?: "true";
                /** @description Each word occurs in title or description, as a word or the start of one, whatever its case, accents and Unicode normalization; anywhere, where a script is written without spaces. */
                q?: string;
                /** @description The id or the uid of the task whose subtasks you ask for; `none` for tasks without a parent. */
                parent?: number | string | "none";
                /** @description The IANA name of the zone in which days begin and end. */
                time_zone?: string;
                /** @description With `-` descending; null is last either way. By position only with one `list`. */
                sort?: components["schemas"]["Sort"];
                /** @description `X-Total-Count` tells how many tasks there are that you ask for, on every page. */
                count?: "true";
                /** @description How many to leave out at the beginning; `cursor` is quicker and steady. */
                skip?: number;
                /** @description How many at most. */
                limit?: number;
                /** @description Where to go on, in place of `skip`: from the `Link` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The next page, as `rel="next"`, while there is one. */
                    Link?: string;
                    /** @description How many tasks there are, whatever the page; with `count=true`. */
                    "X-Total-Count"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"][];
                };
            };
        };
    };
    create_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskCreate"];
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    /** @description The new task. */
                    Location: string;
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 7,
                     *       "title": "Buy milk",
                     *       "description": "Two litres",
                     *       "status": "Todo",
                     *       "priority": "high",
                     *       "due_on": "2026-03-10",
                     *       "tags": [
                     *         "home",
                     *         "shopping"
                     *       ],
                     *       "due_at": null,
                     *       "time_zone": null,
                     *       "recurrence": null,
                     *       "recurrence_anchor": "due",
                     *       "occurrence": null,
                     *       "occurrence_date": null,
                     *       "reminders": [],
                     *       "created_at": "2026-03-09T08:30:00.204518+00:00",
                     *       "updated_at": null,
                     *       "completed_at": null,
                     *       "version": 1773045000204,
                     *       "uid": null,
                     *       "list_id": 3,
                     *       "parent_id": null,
                     *       "position": "50001773045000204"
                     *     }
                     */
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    find_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of what you have. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
            /** @description Not modified: `If-None-Match` names the current version. */
            304: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    replace_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskReplace"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    delete_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskPatch"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    move_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskMove"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 7,
                     *       "title": "Buy milk",
                     *       "description": "Two litres",
                     *       "status": "Done",
                     *       "priority": "high",
                     *       "due_on": "2026-03-10",
                     *       "tags": [
                     *         "home",
                     *         "shopping"
                     *       ],
                     *       "due_at": null,
                     *       "time_zone": null,
                     *       "recurrence": null,
                     *       "recurrence_anchor": "due",
                     *       "occurrence": null,
                     *       "occurrence_date": null,
                     *       "reminders": [],
                     *       "created_at": "2026-03-09T08:30:00.204518+00:00",
                     *       "updated_at": "2026-03-10T17:02:11.512063+00:00",
                     *       "completed_at": "2026-03-10T17:02:11.512063+00:00",
                     *       "version": 1773162131513,
                     *       "uid": null,
                     *       "list_id": 3,
                     *       "parent_id": null,
                     *       "position": "49998226837868487"
                     *     }
                     */
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    list_tags: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       "home",
                     *       "shopping"
                     *     ]
                     */
                    "application/json": string[];
                };
            };
        };
    };
    apply_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchRead"];
                };
            };
        };
    };
    list_trash: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
                /** @description Where to go on, in place of `skip`: from the `Link` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The next page, as `rel="next"`, while there is one. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrashedTask"][];
                };
            };
        };
    };
    empty_trash: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    restore_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    erase_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    complete_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CompletionRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Completed"];
                };
            };
        };
    };
    skip_occurrence: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CompletionRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Completed"];
                };
            };
        };
    };
    reopen_task: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReopeningRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the task, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRead"];
                };
            };
        };
    };
    list_completions: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
                /** @description Where to go on, in place of `skip`: from the `Link` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The next page, as `rel="next"`, while there is one. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompletionRead"][];
                };
            };
        };
    };
    list_occurrences: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The id, or the uid. */
                task_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       "2026-03-17",
                     *       "2026-03-24"
                     *     ]
                     */
                    "application/json": string[];
                };
            };
        };
    };
    list_lists: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRead"][];
                };
            };
        };
    };
    create_list: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ListCreate"];
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    /** @description The new list. */
                    Location: string;
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 3,
                     *       "uid": null,
                     *       "name": "Errands",
                     *       "color": "#2e7d32",
                     *       "position": "51773045000204000",
                     *       "created_at": "2026-03-09T08:30:00.204518+00:00",
                     *       "updated_at": null,
                     *       "version": 1773045000204
                     *     }
                     */
                    "application/json": components["schemas"]["ListRead"];
                };
            };
        };
    };
    find_list: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of what you have. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                list_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRead"];
                };
            };
            /** @description Not modified: `If-None-Match` names the current version. */
            304: {
                headers: {
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    replace_list: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                list_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ListReplace"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRead"];
                };
            };
        };
    };
    delete_list: {
        parameters: {
            query?: {
                /** @description Where the tasks in the list go. It may be left out when there is none. */
                tasks?: "inbox" | "trash";
            };
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                list_id: number | string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TasksLeft"];
                };
            };
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_list: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                list_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ListPatch"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRead"];
                };
            };
        };
    };
    move_list: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that the change is based on. */
                "If-Match"?: string;
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id, or the uid. */
                list_id: number | string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ListMove"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description The version of the list, for `If-Match` and `If-None-Match`. */
                    ETag: string;
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRead"];
                };
            };
        };
    };
    list_changes: {
        parameters: {
            query?: {
                /** @description The `next` of the call before. Without it a first copy begins. */
                since?: string;
                /** @description How many changes at most; fewer where they are larger than 4 MiB together. */
                limit?: number;
                /** @description A day, which begins in UTC, or an instant: leaves out of a first copy what was done before. Such a task comes as a whole when it changes. */
                done_since?: string;
                /** @description How many seconds to wait, with `since`, when nothing has changed: the answer comes with the first change. Four calls of a user may wait at each worker; a further one is answered at once. */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangesRead"];
                };
            };
        };
    };
    make_calendar_link: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalendarLinkRead"];
                };
            };
        };
    };
    remove_calendar_link: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same for each retry of one request, and new for each new one. Kept for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body. */
            204: {
                headers: {
                    /** @description `true` when this was answered before. */
                    "Idempotent-Replayed"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    read_calendar: {
        parameters: {
            query?: {
                /** @description Any of these: the id of a list, or its uid; `inbox` for tasks in no list. */
                list?: (number | string | "inbox")[];
                /** @description Events are for programs that leave to-dos out, as those of Google, Apple and Outlook do. */
                as?: "todos" | "events";
            };
            header?: {
                /** @description The `ETag` of what you have. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description What the address was made with. */
                secret: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description For `If-None-Match`. */
                    ETag: string;
                    /** @description The name of a file, for browsers. */
                    "Content-Disposition": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            /** @description Not modified: `If-None-Match` names the current version. */
            304: {
                headers: {
                    /** @description For `If-None-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    forget_me: {
        parameters: {
            query: {
                /** @description So that nobody calls this by mistake. */
                confirm: "everything";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
}
export interface Batch {
    /** Operations */
    operations: (components["schemas"]["CreateOperation"] | components["schemas"]["PatchOperation"] | components["schemas"]["MoveOperation"] | components["schemas"]["DeleteOperation"])[];
}
export interface BatchRead {
    /**
     * Results
     * @description One for each operation, in their order.
     */
    results: (components["schemas"]["CreateResult"] | components["schemas"]["PatchResult"] | components["schemas"]["MoveResult"] | components["schemas"]["DeleteResult"])[];
}
export interface CalendarLinkRead {
    /**
     * Url
     * @description Whoever knows it can read your due tasks. It is not shown again.
     */
    url: string;
}
export interface ChangesRead {
    /**
     * Changes
     * @description In the order in which to apply them; twice does no harm.
     */
    changes: (components["schemas"]["TaskPut"] | components["schemas"]["ListPut"] | components["schemas"]["CompletionPut"] | components["schemas"]["Removal"] | components["schemas"]["CompletionRemoval"])[];
    /**
     * Next
     * @description What to send as `since` in the next call.
     */
    next: string;
    /**
     * More
     * @description Whether the next call has more at once. If not, the copy is whole.
     */
    more: boolean;
}
export interface Completed {
    task: components["schemas"]["TaskRead"];
    /** @description Null for a task that does not recur, and when the completion was taken back. */
    completion: components["schemas"]["CompletionRead"] | null;
    /**
     * Skipped
     * @description How many occurrences passed between this one and the next.
     */
    skipped: number;
}
export type CompletionKind = "done" | "skipped";
export interface CompletionPut {
    /**
     * Kind
     * @constant
     */
    kind: "completion";
    /**
     * Op
     * @constant
     */
    op: "put";
    completion: components["schemas"]["CompletionRead"];
}
export interface CompletionRead {
    /** Task Id */
    task_id: number;
    /** Occurrence */
    occurrence: number;
    /**
     * Occurrence Date
     * @description Where the series had it: a day, or a wall time in `time_zone`.
     */
    occurrence_date: string;
    kind: components["schemas"]["CompletionKind"];
    /**
     * Completed At
     * Format: date-time
     * @description In UTC: when it was done, or skipped.
     */
    completed_at: string;
}
export interface CompletionRemoval {
    /**
     * Kind
     * @constant
     */
    kind: "completion";
    /**
     * Op
     * @constant
     */
    op: "remove";
    /** Task Id */
    task_id: number;
    /** Occurrence */
    occurrence: number;
}
export interface CompletionRequest {
    /**
     * Occurrence
     * @description Of the occurrence that is meant, as the task has it.
     * @example 14
     */
    occurrence?: number;
    /**
     * Missed
     * @description Whether the next occurrence lies behind now, or behind the one that is completed.
     * @default skip
     * @enum {string}
     */
    missed?: "skip" | "keep";
    /**
     * At
     * Format: date-time
     * @description When it really happened; now without it, and when it is later.
     * @example 2026-03-10T18:00:00+01:00
     */
    at?: string;
}
export interface CreateOperation {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "create";
    task: components["schemas"]["TaskCreate"];
}
export interface CreateResult {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "create";
    /**
     * Status
     * @constant
     */
    status: 201;
    task: components["schemas"]["TaskRead"];
}
export interface DeleteOperation {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "delete";
    /** Id */
    id: number | string;
    /**
     * If Match
     * @description As the header `If-Match`.
     * @example "3"
     */
    if_match?: string;
}
export interface DeleteResult {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "delete";
    /**
     * Status
     * @constant
     */
    status: 204;
}
export interface Health {
    /** Status */
    status: string;
}
export interface ListCreate {
    /**
     * Name
     * @description Kept as sent; at least one character is not white space. Names need not differ.
     * @example Errands
     */
    name: string;
    /**
     * Color
     * @description `#rrggbb`, in either case; answered in lower case.
     * @example #2E7D32
     */
    color?: string | null;
    /**
     * Uid
     * @description A name of your own for the list, which may stand wherever its id may. It never changes, and no other list of yours can have it.
     * @example 6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34
     */
    uid?: string | null;
}
export interface ListMove {
    /**
     * After
     * @description Behind this list.
     */
    after?: number | string;
    /**
     * Before
     * @description In front of this list.
     */
    before?: number | string;
    /**
     * To
     * @enum {string}
     */
    to?: "first" | "last";
}
export interface ListPatch {
    /**
     * Name
     * @description Kept as sent; at least one character is not white space. Names need not differ.
     * @example Errands
     */
    name?: string;
    /**
     * Color
     * @description `#rrggbb`, in either case; answered in lower case.
     * @example #2E7D32
     */
    color?: string | null;
}
export interface ListPut {
    /**
     * Kind
     * @constant
     */
    kind: "list";
    /**
     * Op
     * @constant
     */
    op: "put";
    list: components["schemas"]["ListRead"];
}
export interface ListRead {
    /**
     * Id
     * @description From one sequence for all owners, never reused.
     */
    id: number;
    /**
     * Uid
     * @description The name that its client gave it.
     */
    uid: string | null;
    /** Name */
    name: string;
    /**
     * Color
     * @description `#rrggbb` in lower case.
     */
    color: string | null;
    /**
     * Position
     * @description The order of lists: compare as plain strings, ties by id. Opaque otherwise.
     */
    position: string;
    /**
     * Created At
     * Format: date-time
     * @description In UTC.
     */
    created_at: string;
    /**
     * Updated At
     * @description In UTC; null until the first change.
     */
    updated_at: string | null;
    /**
     * Version
     * @description Grows with every change, with gaps. The `ETag` is this number in quotes.
     */
    version: number;
}
export interface ListReplace {
    /**
     * Name
     * @description Kept as sent; at least one character is not white space. Names need not differ.
     * @example Errands
     */
    name: string;
    /**
     * Color
     * @description `#rrggbb`, in either case; answered in lower case.
     * @example #2E7D32
     */
    color?: string | null;
}
export interface MoveOperation {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "move";
    /** Id */
    id: number | string;
    move: components["schemas"]["TaskMove"];
    /**
     * If Match
     * @description As the header `If-Match`.
     * @example "3"
     */
    if_match?: string;
}
export interface MoveResult {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "move";
    /**
     * Status
     * @constant
     */
    status: 200;
    task: components["schemas"]["TaskRead"];
}
export interface PatchOperation {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "patch";
    /** Id */
    id: number | string;
    patch: components["schemas"]["TaskPatch"];
    /**
     * If Match
     * @description As the header `If-Match`.
     * @example "3"
     */
    if_match?: string;
}
export interface PatchResult {
    /**
     * @description discriminator enum property added by openapi-typescript
     * @enum {string}
     */
    op: "patch";
    /**
     * Status
     * @constant
     */
    status: 200;
    task: components["schemas"]["TaskRead"];
}
export type Priority = "low" | "medium" | "high";
export type PriorityAsked = "low" | "medium" | "high" | "none";
export type RecurrenceAnchor = "due" | "completion";
export type Reminder = {
    /** Format: date-time */
    at: string;
} | {
    minutes_before: number;
} | {
    days_before: number;
    time: string;
};
export interface Removal {
    /**
     * Kind
     * @enum {string}
     */
    kind: "task" | "list";
    /**
     * Op
     * @constant
     */
    op: "remove";
    /** Id */
    id: number;
    /** Uid */
    uid: string | null;
}
export interface ReopeningRequest {
    /**
     * Occurrence
     * @description Of the occurrence that is meant, as the task has it.
     * @example 14
     */
    occurrence?: number;
}
export type Sort = "created_at" | "-created_at" | "updated_at" | "-updated_at" | "completed_at" | "-completed_at" | "due" | "-due" | "priority" | "-priority" | "title" | "-title" | "position" | "-position";
export type Status = "Todo" | "InProgress" | "Done";
export interface TaskCreate {
    /**
     * Title
     * @description Kept as sent; at least one character is not white space.
     * @example Buy milk
     */
    title: string;
    /** Description */
    description?: string | null;
    /** @default Todo */
    status?: components["schemas"]["Status"];
    priority?: components["schemas"]["Priority"] | null;
    /**
     * Due On
     * @description A day, inclusive, that no time zone shifts. A task has a day or an instant, not both.
     * @example 2026-03-10
     */
    due_on?: string | null;
    /**
     * Due At
     * @description An instant with its offset; answered in UTC, to the microsecond.
     * @example 2026-03-10T18:00:00+01:00
     */
    due_at?: string | null;
    /**
     * Time Zone
     * @description The IANA name of the zone in which `due_at` was meant.
     * @example Europe/Warsaw
     */
    time_zone?: string | null;
    /**
     * Tags
     * @description All different; case and order are kept.
     * @default []
     * @example [
     *       "home",
     *       "shopping"
     *     ]
     */
    tags?: string[];
    /**
     * Recurrence
     * @description A rule of RFC 5545 by which the task comes again when it is completed, without `RRULE:`. It needs `due_on`, or `due_at` and `time_zone`. Sent again, even as it is, it starts a new series at the present due.
     * @example FREQ=WEEKLY;BYDAY=MO,TH
     */
    recurrence?: string | null;
    /**
     * @description From where the next one is counted: where it was due, or when it was completed.
     * @default due
     */
    recurrence_anchor?: components["schemas"]["RecurrenceAnchor"];
    /**
     * Reminders
     * @description All different; kept as they were sent, in their order. `minutes_before` needs `due_at`; the time of `days_before` is in `time_zone`, in UTC without one.
     * @default []
     * @example [
     *       {
     *         "days_before": 1,
     *         "time": "18:00"
     *       }
     *     ]
     */
    reminders?: components["schemas"]["Reminder"][];
    /**
     * Completed At
     * @description Since when the status is Done, which it must be: so an import keeps its history. Later than now counts as now.
     * @example 2026-03-09T08:30:00Z
     */
    completed_at?: string | null;
    /**
     * Uid
     * @description A name of your own for the task, which may stand wherever its id may. It never changes, and no other task of yours can have it, until this one is erased from the trash.
     * @example 6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34
     */
    uid?: string | null;
    /**
     * List Id
     * @description Null is the inbox; with `parent_id` that of the parent.
     * @example 3
     */
    list_id?: number | string | null;
    /**
     * Parent Id
     * @description It becomes a subtask of this task, which has no parent itself, and at most 500 subtasks.
     * @example null
     */
    parent_id?: number | string | null;
}
export interface TaskMove {
    /**
     * After
     * @description Behind this task of the list.
     */
    after?: number | string;
    /**
     * Before
     * @description In front of this task of the list.
     */
    before?: number | string;
    /**
     * To
     * @enum {string}
     */
    to?: "first" | "last";
    /**
     * List Id
     * @description Null is the inbox. To another list a task goes without its parent.
     */
    list_id?: number | string | null;
    /**
     * Parent Id
     * @description It becomes a subtask of this task, in whose list it is then. Null is none.
     */
    parent_id?: number | string | null;
}
export interface TaskPatch {
    /**
     * Title
     * @description Kept as sent; at least one character is not white space.
     * @example Buy milk
     */
    title?: string;
    /** Description */
    description?: string | null;
    status?: components["schemas"]["Status"];
    priority?: components["schemas"]["Priority"] | null;
    /**
     * Due On
     * @description A day, inclusive, that no time zone shifts. A task has a day or an instant, not both.
     * @example 2026-03-10
     */
    due_on?: string | null;
    /**
     * Due At
     * @description An instant with its offset; answered in UTC, to the microsecond.
     * @example 2026-03-10T18:00:00+01:00
     */
    due_at?: string | null;
    /**
     * Time Zone
     * @description The IANA name of the zone in which `due_at` was meant.
     * @example Europe/Warsaw
     */
    time_zone?: string | null;
    /**
     * Tags
     * @description All different; case and order are kept.
     * @example [
     *       "home",
     *       "shopping"
     *     ]
     */
    tags?: string[];
    /**
     * Recurrence
     * @description A rule of RFC 5545 by which the task comes again when it is completed, without `RRULE:`. It needs `due_on`, or `due_at` and `time_zone`. Sent again, even as it is, it starts a new series at the present due.
     * @example FREQ=WEEKLY;BYDAY=MO,TH
     */
    recurrence?: string | null;
    /** @description From where the next one is counted: where it was due, or when it was completed. */
    recurrence_anchor?: components["schemas"]["RecurrenceAnchor"];
    /**
     * Reminders
     * @description All different; kept as they were sent, in their order. `minutes_before` needs `due_at`; the time of `days_before` is in `time_zone`, in UTC without one.
     * @example [
     *       {
     *         "days_before": 1,
     *         "time": "18:00"
     *       }
     *     ]
     */
    reminders?: components["schemas"]["Reminder"][];
}
export interface TaskPut {
    /**
     * Kind
     * @constant
     */
    kind: "task";
    /**
     * Op
     * @constant
     */
    op: "put";
    task: components["schemas"]["TaskRead"];
}
export interface TaskRead {
    /**
     * Id
     * @description From one sequence for all owners, never reused.
     */
    id: number;
    /** Title */
    title: string;
    /** Description */
    description: string | null;
    status: components["schemas"]["Status"];
    /**
     * Created At
     * Format: date-time
     * @description In UTC.
     */
    created_at: string;
    /**
     * Updated At
     * @description In UTC; null until the first change.
     */
    updated_at: string | null;
    priority: components["schemas"]["Priority"] | null;
    /**
     * Due On
     * @description A day, inclusive, that no time zone shifts.
     */
    due_on: string | null;
    /**
     * Due At
     * @description In UTC. A task has a day or an instant, not both.
     */
    due_at: string | null;
    /**
     * Time Zone
     * @description The IANA name of the zone in which `due_at` was meant.
     */
    time_zone: string | null;
    /**
     * Tags
     * @description All different, in the order in which they were sent.
     */
    tags: string[];
    /**
     * Completed At
     * @description In UTC: since when the status is Done. Null when it is not.
     */
    completed_at: string | null;
    /**
     * Recurrence
     * @description A rule of RFC 5545 in its normal form. Null when the task is done once.
     */
    recurrence: string | null;
    /** @description From where the next one is counted. */
    recurrence_anchor: components["schemas"]["RecurrenceAnchor"];
    /**
     * Occurrence
     * @description The number of the occurrence that is open, by which `complete` and `skip` name it. It only grows.
     */
    occurrence: number | null;
    /**
     * Occurrence Date
     * @description Where the series has the open one, whatever its due was moved to: a day, or a wall time in `time_zone`.
     * @example 2026-03-10
     * @example 2026-03-10T18:00:00
     */
    occurrence_date: string | null;
    /**
     * Reminders
     * @description As they were sent.
     */
    reminders: components["schemas"]["Reminder"][];
    /**
     * Version
     * @description Grows with every change, with gaps. The `ETag` is this number in quotes.
     */
    version: number;
    /**
     * Uid
     * @description What the task was named when it was created, in lower case.
     */
    uid: string | null;
    /**
     * List Id
     * @description Null is the inbox.
     */
    list_id: number | null;
    /**
     * Parent Id
     * @description Of a subtask: the task that it belongs to, and whose list it is in.
     */
    parent_id: number | null;
    /**
     * Position
     * @description The order within its list: compare as plain strings, ties by id. Opaque otherwise.
     */
    position: string;
}
export interface TaskReplace {
    /**
     * Title
     * @description Kept as sent; at least one character is not white space.
     * @example Buy milk
     */
    title: string;
    /** Description */
    description?: string | null;
    /** @default Todo */
    status?: components["schemas"]["Status"];
    priority?: components["schemas"]["Priority"] | null;
    /**
     * Due On
     * @description A day, inclusive, that no time zone shifts. A task has a day or an instant, not both.
     * @example 2026-03-10
     */
    due_on?: string | null;
    /**
     * Due At
     * @description An instant with its offset; answered in UTC, to the microsecond.
     * @example 2026-03-10T18:00:00+01:00
     */
    due_at?: string | null;
    /**
     * Time Zone
     * @description The IANA name of the zone in which `due_at` was meant.
     * @example Europe/Warsaw
     */
    time_zone?: string | null;
    /**
     * Tags
     * @description All different; case and order are kept.
     * @default []
     * @example [
     *       "home",
     *       "shopping"
     *     ]
     */
    tags?: string[];
    /**
     * Recurrence
     * @description A rule of RFC 5545 by which the task comes again when it is completed, without `RRULE:`. It needs `due_on`, or `due_at` and `time_zone`. Sent again, even as it is, it starts a new series at the present due.
     * @example FREQ=WEEKLY;BYDAY=MO,TH
     */
    recurrence?: string | null;
    /**
     * @description From where the next one is counted: where it was due, or when it was completed.
     * @default due
     */
    recurrence_anchor?: components["schemas"]["RecurrenceAnchor"];
    /**
     * Reminders
     * @description All different; kept as they were sent, in their order. `minutes_before` needs `due_at`; the time of `days_before` is in `time_zone`, in UTC without one.
     * @default []
     * @example [
     *       {
     *         "days_before": 1,
     *         "time": "18:00"
     *       }
     *     ]
     */
    reminders?: components["schemas"]["Reminder"][];
}
export interface TasksLeft {
    /**
     * Left
     * @description How many tasks are in the list still: send the request again.
     */
    left: number;
}
export interface TrashedTask {
    /**
     * Id
     * @description From one sequence for all owners, never reused.
     */
    id: number;
    /** Title */
    title: string;
    /** Description */
    description: string | null;
    status: components["schemas"]["Status"];
    /**
     * Created At
     * Format: date-time
     * @description In UTC.
     */
    created_at: string;
    /**
     * Updated At
     * @description In UTC; null until the first change.
     */
    updated_at: string | null;
    priority: components["schemas"]["Priority"] | null;
    /**
     * Due On
     * @description A day, inclusive, that no time zone shifts.
     */
    due_on: string | null;
    /**
     * Due At
     * @description In UTC. A task has a day or an instant, not both.
     */
    due_at: string | null;
    /**
     * Time Zone
     * @description The IANA name of the zone in which `due_at` was meant.
     */
    time_zone: string | null;
    /**
     * Tags
     * @description All different, in the order in which they were sent.
     */
    tags: string[];
    /**
     * Completed At
     * @description In UTC: since when the status is Done. Null when it is not.
     */
    completed_at: string | null;
    /**
     * Recurrence
     * @description A rule of RFC 5545 in its normal form. Null when the task is done once.
     */
    recurrence: string | null;
    /** @description From where the next one is counted. */
    recurrence_anchor: components["schemas"]["RecurrenceAnchor"];
    /**
     * Occurrence
     * @description The number of the occurrence that is open, by which `complete` and `skip` name it. It only grows.
     */
    occurrence: number | null;
    /**
     * Occurrence Date
     * @description Where the series has the open one, whatever its due was moved to: a day, or a wall time in `time_zone`.
     * @example 2026-03-10
     * @example 2026-03-10T18:00:00
     */
    occurrence_date: string | null;
    /**
     * Reminders
     * @description As they were sent.
     */
    reminders: components["schemas"]["Reminder"][];
    /**
     * Version
     * @description Grows with every change, with gaps. The `ETag` is this number in quotes.
     */
    version: number;
    /**
     * Uid
     * @description What the task was named when it was created, in lower case.
     */
    uid: string | null;
    /**
     * List Id
     * @description Null is the inbox.
     */
    list_id: number | null;
    /**
     * Parent Id
     * @description Of a subtask: the task that it belongs to, and whose list it is in.
     */
    parent_id: number | null;
    /**
     * Position
     * @description The order within its list: compare as plain strings, ties by id. Opaque otherwise.
     */
    position: string;
    /**
     * Deleted At
     * Format: date-time
     * @description In UTC.
     */
    deleted_at: string;
}
export interface Problem {
    /** Format: uri */
    type: string;
    title: string;
    status: number;
    /**
     * @description For programs. Later releases may know more.
     * @enum {string}
     */
    code: "anchor_elsewhere" | "body_too_large" | "calendar_not_found" | "cursor_invalid" | "database_unavailable" | "forbidden" | "header_too_large" | "idempotency_key_reused" | "internal_error" | "keys_unavailable" | "limit_reached" | "list_not_empty" | "list_not_found" | "method_not_allowed" | "occurrence_not_latest" | "occurrence_not_open" | "overloaded" | "precondition_required" | "preflight_refused" | "rate_limited" | "recurrence_empty" | "recurring_task" | "reference_not_found" | "request_timeout" | "route_not_found" | "sync_reset" | "task_not_found" | "token_expired" | "token_invalid" | "token_missing" | "too_deep" | "uid_taken" | "unsupported_media_type" | "validation_failed" | "version_mismatch";
    /** @description One sentence, for people. */
    detail: string;
    /** @description With `validation_failed`: what is wrong, 20 things at most, the first told in `detail`. */
    errors?: {
        loc: (string | number)[];
        message: string;
        type: string;
    }[];
    /** @description In a batch: which operation failed, counted from 0. */
    operation?: number;
}
