import { TaskwardError } from "./errors.js";
import type { Problem } from "./openapi.js";
import { lastingOf, type Token, tokensOf } from "./tokens.js";

export interface Options {
  /** Where the API is, with its prefix if it has one: `https://tasks.example.com/api/v1`. */
  url: string;
  /**
   * The JWT of whoever is signed in, or a function that gets one. The function is asked at the first call, and again when
   * the API says that the token has expired. A client is one user's: make a new one when somebody else signs in.
   */
  token: Token;
  /** In place of the global one. */
  fetch?: typeof fetch;
  /** How often a call is repeated that met no answer, 429, or a server that is not available: 5. */
  retries?: number;
  /** Seconds before a repetition, counted from 1, when the API names no time; added to the time when it names one. */
  backoff?: (attempt: number) => number;
  /** Seconds after which an attempt without a whole answer has failed: 30. The API itself answers within 3. */
  timeout?: number;
}

export interface Call {
  method: string;
  path: string;
  query?: Record<string, unknown>;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** How long the API has been asked to wait with its answer. */
  waitSeconds?: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body; undefined when there is none. */
  data: unknown;
}

export interface Connection {
  /** Where the API is, in full. */
  url: string;
  send(call: Call): Promise<Answer>;
  /** All that the token says of its user, and the address: the same for all clients of one user, and for nobody else. */
  whose(): Promise<string>;
}

const LONGEST_WAIT_SECONDS = 60; // the window of the API's rate limit

/** Sends calls: with a token, repeated where that is safe and helps, and with every failure as a `TaskwardError`. */
export function connect(options: Options): Connection {
  const { token, fetch = globalThis.fetch, retries = 5, backoff = doubling, timeout = 30 } = options;
  const base = options.url.replace(/\/+$/, "");
  const { href } = new URL(base, globalThis.location?.href); // an address that is none is told now, not as a server that cannot be reached
  const tokens = tokensOf(token);

  async function send({ method, path, query = {}, headers = {}, body, signal, waitSeconds = 0 }: Call): Promise<Answer> {
    const target = base + path + search(query);
    const sent = new Headers(headers);
    if (body !== undefined) sent.set("Content-Type", "application/json");
    // The same for every attempt of this call, so that a write whose answer was lost does not happen twice.
    if (method !== "GET" && !sent.has("Idempotency-Key")) sent.set("Idempotency-Key", uuid());
    const request = { method, headers: sent, redirect: "manual", ...(body !== undefined && { body: JSON.stringify(body) }) } as const;

    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      let answer: Answer | TaskwardError;
      try {
        const used = await until(tokens.current(), signal);
        sent.set("Authorization", `Bearer ${used}`);
        answer = await attempted(fetch, target, request, { seconds: timeout + waitSeconds, signal });
        if (!(answer instanceof TaskwardError)) return answer;
        if (answer.code === "token_expired" && !renewed && (await until(tokens.renew(used), signal))) {
          renewed = true;
          continue;
        }
      } catch (error) {
        if (signal?.aborted || !(error instanceof TaskwardError)) throw error;
        answer = error; // of the token function
      }
      const pause = answer.retryAfterSeconds ?? 0;
      if (!isPassing(answer) || attempt > retries || pause > LONGEST_WAIT_SECONDS) throw answer;
      await sleep(pause + backoff(attempt), signal);
    }
  }

  const whose = async () => `taskward ${href} ${lastingOf(await tokens.current())}`;
  return { url: href, send, whose };
}

/** A name that nobody else gives: for `idempotencyKey`, and for a `uid`. */
export function uuid(): string {
  // crypto.randomUUID is missing on pages that came by plain HTTP from another machine, such as a phone's in development.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40; // RFC 9562 §5.4: version 4
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

async function attempted(
  fetch: typeof globalThis.fetch,
  target: string,
  request: RequestInit,
  { seconds, signal }: { seconds: number; signal: AbortSignal | undefined },
): Promise<Answer | TaskwardError> {
  signal?.throwIfAborted();
  const cut = new AbortController();
  const stop = () => cut.abort(signal?.reason);
  const timer = setTimeout(() => cut.abort(new Error(`No answer within ${seconds} s.`)), seconds * 1000);
  signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(target, { ...request, signal: cut.signal });
    return read(response, await response.text());
  } catch (cause) {
    signal?.throwIfAborted();
    return new TaskwardError("unreachable", "Taskward could not be reached, or its answer was cut off.", { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function read({ status, headers, type }: Response, text: string): Answer | TaskwardError {
  if (status === 204 || status === 304) return { status, headers, data: undefined };
  const data = parsed(text, headers);
  if (status >= 200 && status < 300 && data !== undefined) return { status, headers, data };
  const facts = {
    status,
    requestId: headers.get("X-Request-ID") ?? undefined,
    retryAfterSeconds: secondsOf(headers.get("Retry-After")),
  };
  if (isProblem(data)) {
    const { code, detail, errors = [], operation } = data;
    return new TaskwardError(code, detail, { ...facts, errors, operation });
  }
  const redirected = type === "opaqueredirect" || (status >= 300 && status < 400);
  const what = redirected ? "with a redirect" : `${status} without a document of Taskward's`;
  return new TaskwardError("unexpected_answer", `The address answered ${what}: something else is there, or in front of it.`, facts);
}

/** Undefined when it is no JSON, or is cut off. */
function parsed(text: string, headers: Headers): unknown {
  try {
    return /^application\/(problem\+)?json\b/i.test(headers.get("Content-Type") ?? "") ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function isProblem(data: unknown): data is Problem {
  return typeof data === "object" && data !== null && "code" in data && "detail" in data;
}

/** Whether the same call may succeed in a moment. Above 500 the gateways are that found no server behind them. */
export function isPassing({ code, status }: TaskwardError): boolean {
  const cutOff = code === "unexpected_answer" && status >= 200 && status < 300;
  return code === "unreachable" || cutOff || status === 408 || status === 429 || status > 500;
}

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3). */
function secondsOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** About 0.25, 0.5, 1, 2, 4, 8 s, so that clients that failed together do not come back together. */
export function doubling(attempt: number): number {
  return Math.min(8, 2 ** attempt / 8) * (0.5 + Math.random());
}

/** The values that are not undefined; a list is a parameter for each of its values. */
function search(query: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) parameters.append(name, String(one));
  const text = String(parameters);
  return text && `?${text}`;
}

export function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
  return until(passed, signal).finally(() => clearTimeout(timer));
}

/** The promise, or the signal's reason when that comes first. */
export function until<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
