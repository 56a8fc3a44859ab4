import type { Problem } from "./openapi.js";

/**
 * What went wrong, for programs: the codes of the API, and those that only the client can know.
 *
 * - `unreachable`: no answer, or one that was cut off. Whether a write has happened is unknown; repeated with the same
 *   `idempotencyKey` it happens once.
 * - `unexpected_answer`: what answered is not Taskward, but something in front of it or another program.
 * - `other_user`: the token function gave a token of somebody else than before.
 */
export type Code = Problem["code"] | "unreachable" | "unexpected_answer" | "other_user";

export interface Facts {
  /** Of the answer; 0 when there was none. */
  status?: number;
  /** With `validation_failed`: what is wrong, field by field. */
  errors?: NonNullable<Problem["errors"]>;
  /** In a batch: which operation failed, counted from 0. */
  operation?: number | undefined;
  /** The `X-Request-ID` of the answer, by which the operator finds it in the log. */
  requestId?: string | undefined;
  /** How long the API asks to wait before the next attempt. */
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** Every refusal of the API, and every failure on the way to it. */
export class TaskwardError<C extends Code = Code> extends Error {
  override readonly name = "TaskwardError";
  readonly status: number;
  readonly errors: NonNullable<Problem["errors"]>;
  readonly operation: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: C,
    /** One sentence, for people. */
    readonly detail: string,
    { status = 0, errors = [], operation, requestId, retryAfterSeconds, ...options }: Facts = {},
  ) {
    super(detail, options);
    this.status = status;
    this.errors = errors;
    this.operation = operation;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Whether a call was refused, or failed, with one of these codes; without any, with whatever code. */
export function isTaskwardError<C extends Code = Code>(error: unknown, ...codes: C[]): error is TaskwardError<C> {
  return error instanceof TaskwardError && (codes.length === 0 || codes.includes(error.code));
}
