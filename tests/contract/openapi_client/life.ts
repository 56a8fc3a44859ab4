// The life of a task as an application would write it: every call and shape has the types of the OpenAPI document.

import createClient from "openapi-fetch";
import type { components, paths } from "./taskward.js";

declare const process: { env: { API: string; TOKEN: string } };

type Schemas = components["schemas"];
type Task = Schemas["TaskRead"];
type Query = NonNullable<paths["/tasks"]["get"]["parameters"]["query"]>;
type Answer<Data> = { data?: Data; error?: Schemas["Problem"]; response: Response };

const { API, TOKEN } = process.env;
const api = createClient<paths>({ baseUrl: API, headers: { Authorization: `Bearer ${TOKEN}` } });

function got<Data>({ data, error }: Answer<Data>): Data {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  return data;
}

function done({ error, response }: Answer<never>): void {
  if (error !== undefined) throw new Error(`${error.code}: ${error.detail}`);
  same(response.status, 204);
}

function refused({ error }: Answer<unknown>): Schemas["Problem"] {
  if (error === undefined) throw new Error("This was to be refused.");
  return error;
}

function same<Value>(found: Value, expected: NoInfer<Value>): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

function at(task_id: number | string) {
  return { path: { task_id } };
}

function ifUnchanged(task: Task) {
  return { ...at(task.id), header: { "If-Match": `"${task.version}"` } };
}

async function titles(query: Query): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.GET("/tasks", { params: { query: { ...query, cursor } } });
    found.push(...got(page).map((task) => task.title));
    const next = /<\?([^>]*)>; rel="next"/.exec(page.response.headers.get("Link") ?? "")?.[1];
    cursor = new URLSearchParams(next).get("cursor") ?? undefined;
  } while (cursor !== undefined);
  return found;
}

// Created with every field, and once however often it is sent
const everything: Required<Schemas["TaskReplace"]> = {
  title: "Buy milk",
  description: "two litres",
  status: "InProgress",
  priority: "high",
  due_on: null,
  due_at: "2026-03-10T18:00:00+01:00",
  time_zone: "Europe/Warsaw",
  tags: ["home", "a & b, c"],
  recurrence: null,
  recurrence_anchor: "completion",
  reminders: [{ minutes_before: 30 }, { time: "18:00", days_before: 1 }],
};
const uid = crypto.randomUUID();
const once = { params: { header: { "Idempotency-Key": crypto.randomUUID() } }, body: { ...everything, uid } };
const created = await api.POST("/tasks", once);
let milk: Task = got(created);
const { id, uid: name, created_at, updated_at, completed_at, version, ...others } = milk;
const { occurrence, occurrence_date, list_id, parent_id, position, ...sent } = others;
const inUtc: typeof sent = { ...everything, due_at: "2026-03-10T17:00:00+00:00" };
for (const name of Object.keys(inUtc) as (keyof typeof inUtc)[]) same(sent[name], inUtc[name]);
same([name, updated_at, completed_at, typeof position], [uid, null, null, "string"]);
same([occurrence, occurrence_date, list_id, parent_id], [null, null, null, null]);
same(created.response.headers.get("Location"), `/tasks/${id}`);
same(created.response.headers.get("ETag"), `"${version}"`);
const again = await api.POST("/tasks", once);
same(got(again), milk);
same(again.response.headers.get("Idempotent-Replayed"), "true");
const taken = await api.POST("/tasks", { body: { ...everything, uid } });
same([refused(taken).code, taken.response.headers.get("Location")], ["uid_taken", `/tasks/${id}`]);
same(got(await api.GET("/tasks/{task_id}", { params: at(uid) })), milk);

// Many changes at once, and none of them when one fails
const { results } = got(
  await api.POST("/tasks/batch", {
    body: {
      operations: [
        { op: "create", task: { title: "Post a letter", tags: ["town"], due_on: "2026-03-09" } },
        { op: "create", task: { title: "Paint the door", tags: ["home"], priority: "low" } },
        { op: "create", task: { title: "Sleep", status: "Done" } },
        { op: "patch", id, patch: { due_at: null, due_on: "2026-03-10" }, if_match: `"${version}"` },
      ],
    },
  }),
);
same(results.map((result) => (result.op === "delete" ? "" : result.task.title)), [
  "Post a letter",
  "Paint the door",
  "Sleep",
  "Buy milk",
]);
for (const result of results) if (result.op === "patch") milk = result.task;
const nothing = refused(
  await api.POST("/tasks/batch", {
    body: { operations: [{ op: "create", task: { title: "Never" } }, { op: "delete", id, if_match: `"${version}"` }] },
  }),
);
same([nothing.code, nothing.operation], ["version_mismatch", 1]);

// Listed by what is asked for, page by page
same(await titles({ limit: 1 }), ["Buy milk", "Post a letter", "Paint the door", "Sleep"]);
same(await titles({ status: ["Todo", "InProgress"], sort: "-title", limit: 2 }), [
  "Post a letter",
  "Paint the door",
  "Buy milk",
]);
same(await titles({ priority: ["high", "none"], due_before: "2026-03-11", sort: "due", limit: 1 }), [
  "Post a letter",
  "Buy milk",
]);
same(await titles({ tag: ["home", "a & b, c"], due_after: "2026-03-10T22:30:00+01:00", time_zone: "Europe/Warsaw" }), [
  "Buy milk",
]);
same(await titles({ q: "lit mil", skip: 0 }), ["Buy milk"]);
same((await titles({ overdue: "true", sort: "priority" })).includes("Sleep"), false);
same(got(await api.GET("/tags")), ["a & b, c", "home", "town"]);

// Changed by whoever has seen the latest version, and by nobody else
const first = milk;
milk = got(await api.PATCH("/tasks/{task_id}", { params: ifUnchanged(first), body: { status: "Done", priority: null } }));
same([milk.status, milk.priority, milk.completed_at], ["Done", null, milk.updated_at]);
const late = refused(await api.PATCH("/tasks/{task_id}", { params: ifUnchanged(first), body: { title: "Cream" } }));
switch (late.code) {
  case "version_mismatch":
    same(late.status, 412);
    break;
  default:
    throw new Error(`${late.code}: ${late.detail}`);
}
const known = { ...at(id), header: { "If-None-Match": `"${milk.version}"` } };
same((await api.GET("/tasks/{task_id}", { params: known })).response.status, 304);
milk = got(await api.PUT("/tasks/{task_id}", { params: ifUnchanged(milk), body: { title: "Oat milk" } }));
same([milk.title, milk.status, milk.tags], ["Oat milk", "Todo", []]);
same(got(await api.GET("/tasks/{task_id}", { params: at(id) })), milk);

// What is wrong, in words for programs
const wrong = refused(await api.POST("/tasks", { body: { title: "" } }));
same([wrong.code, wrong.errors?.[0]?.loc], ["validation_failed", ["body", "title"]]);
const invented = refused(await api.GET("/trash", { params: { query: { cursor: "x" } } }));
same(invented.code, "cursor_invalid");
const nobody = createClient<paths>({ baseUrl: API });
same(refused(await nobody.GET("/tags")).code, "token_missing");

// One that comes again
const weekly = { title: "Water the plants", recurrence: "FREQ=WEEKLY", due_on: "2026-03-10" };
const plants = got(await api.POST("/tasks", { body: weekly }));
const watered = got(
  await api.POST("/tasks/{task_id}/complete", {
    params: at(plants.id),
    body: { occurrence: 1, at: "2026-03-10T18:00:00Z" },
  }),
);
same([watered.task.due_on, watered.completion?.kind, watered.skipped], ["2026-03-17", "done", 0]);
got(await api.POST("/tasks/{task_id}/reopen", { params: at(plants.id) }));
same(got(await api.GET("/tasks/{task_id}/completions", { params: at(plants.id) })), []);
same(got(await api.GET("/tasks/{task_id}/occurrences", { params: { ...at(plants.id), query: { limit: 1 } } })), [
  "2026-03-17",
]);
done(await api.DELETE("/tasks/{task_id}", { params: at(plants.id) }));
done(await api.DELETE("/trash/{task_id}", { params: at(plants.id) }));

// Into the trash and out again, and then for good
done(await api.DELETE("/tasks/{task_id}", { params: ifUnchanged(milk) }));
same(refused(await api.GET("/tasks/{task_id}", { params: at(id) })).code, "task_not_found");
const [trashed] = got(await api.GET("/trash", { params: { query: { limit: 1 } } }));
same([trashed?.id, typeof trashed?.deleted_at], [id, "string"]);
milk = got(await api.POST("/tasks/{task_id}/restore", { params: at(id) }));
same(milk.title, "Oat milk");
for (const task of got(await api.GET("/tasks"))) done(await api.DELETE("/tasks/{task_id}", { params: at(task.id) }));
done(await api.DELETE("/trash/{task_id}", { params: at(id) }));
same(refused(await api.POST("/tasks/{task_id}/restore", { params: at(id) })).code, "task_not_found");
same(got(await api.GET("/trash")).length, 3);
done(await api.DELETE("/trash"));
same(got(await api.GET("/trash")), []);

// A list, from its first name to its last
let errands = got(await api.POST("/lists", { body: { name: "Errands", color: "#2E7D32" } }));
same([errands.name, errands.color, errands.uid], ["Errands", "#2e7d32", null]);
const inList = (version: number) => ({ path: { list_id: errands.id }, header: { "If-Match": `"${version}"` } });
errands = got(await api.PATCH("/lists/{list_id}", { params: inList(errands.version), body: { color: null } }));
errands = got(await api.PUT("/lists/{list_id}", { params: inList(errands.version), body: { name: "Shops" } }));
same(got(await api.GET("/lists")), [errands]);
same(got(await api.GET("/lists/{list_id}", { params: { path: { list_id: errands.id } } })), errands);
const stale = await api.PUT("/lists/{list_id}", { params: inList(1), body: { name: "Late" } });
same(refused(stale).code, "version_mismatch");
const garden = got(await api.POST("/lists", { body: { name: "Garden" } }));
errands = got(
  await api.POST("/lists/{list_id}/move", { params: inList(errands.version), body: { after: garden.id } }),
);
same(got(await api.GET("/lists")).map((list) => list.name), ["Garden", "Shops"]);
got(await api.POST("/tasks", { body: { title: "Buy nails", list_id: errands.id } }));
const full = await api.DELETE("/lists/{list_id}", { params: inList(errands.version) });
same(refused(full).code, "list_not_empty");
const query = { tasks: "trash" } as const;
const gone = await api.DELETE("/lists/{list_id}", { params: { ...inList(errands.version), query } });
same([gone.response.status, gone.data?.left], [204, undefined]);
same(got(await api.GET("/trash")).map((task) => [task.title, task.list_id]), [["Buy nails", null]]);
done(await api.DELETE("/trash"));

got(await api.POST("/tasks", { body: { title: "Live on" } }));
