// What the API would refuse or never answers does not compile; this file is compiled and never run.

import { isTaskwardError, taskward, type Task } from "@taskward/client";

const { tasks, trash, me } = taskward({ url: "", token: "" });
declare const error: unknown;
declare const some: Parameters<typeof tasks.batch>[0];

export async function compiled() {
  // @ts-expect-error a field that there is not
  await tasks.create({ title: "Milk", due_onn: "2026-03-10" });
  // @ts-expect-error no title
  await tasks.create({ description: "without a title" });
  // @ts-expect-error a status that there is not
  await tasks.change(7, { status: "done" });
  // @ts-expect-error a field that only the API sets
  await tasks.change(7, { completed_at: null });
  // @ts-expect-error null where no null may be
  await tasks.change(7, { tags: null });
  // @ts-expect-error no id
  await tasks.find();
  // @ts-expect-error an order that there is not
  await tasks.list({ sort: "-priorty" });
  // @ts-expect-error a parameter that there is not
  await tasks.list({ tags: ["home"] });
  // @ts-expect-error a creation is based on no version
  await tasks.create({ title: "Milk" }, { ifMatch: 3 });
  // @ts-expect-error a read needs no key
  await tasks.find(7, { idempotencyKey: "once" });
  // @ts-expect-error the trash knows no skip
  await trash.list({ skip: 7 });
  // @ts-expect-error an operation that there is not
  await tasks.batch([{ op: "remove", id: 7 }]);
  // @ts-expect-error not by accident
  await me.forget();
  // @ts-expect-error the owner is nobody's business
  (await tasks.find(7)).owner_id;
  // @ts-expect-error it may not have changed
  (await tasks.find(7, { ifNoneMatch: 3 })).title;
  // @ts-expect-error a code that there is not
  isTaskwardError(error, "task_notfound");

  const task: Task = await tasks.find(7);
  const [made, gone] = await tasks.batch([{ op: "create", task: { title: "Milk" } }, { op: "delete", id: 7 }]);
  const title: string = made.task.title;
  const status: 204 = gone.status;
  const results = await tasks.batch(some);
  const titles = results.map((result) => (result.op === "delete" ? "" : result.task.title));
  return [task, title, status, titles];
}
