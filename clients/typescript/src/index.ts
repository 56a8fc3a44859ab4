import type { TaskRead } from "./openapi.js";

export type { OptionsOf, Page, ResultOf, Route, Version } from "./calls.js";
export type { Change, ChangesEvent, ChangesOptions } from "./changes.js";
export { taskward, type BatchOperation, type BatchResults, type Taskward } from "./client.js";
export { type Options, uuid } from "./connection.js";
export { isTaskwardError, TaskwardError, type Code } from "./errors.js";
export type * from "./openapi.js";
export type { Token } from "./tokens.js";

/** A task, as every call answers it. */
export type Task = TaskRead;
