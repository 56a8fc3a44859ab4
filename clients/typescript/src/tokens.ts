import { TaskwardError } from "./errors.js";

/** A JWT, or what gives one of whoever is signed in. */
export type Token = string | (() => string | Promise<string>);

export interface Tokens {
  /** The one that calls have now. */
  current(): Promise<string>;
  /** Another one than `used`, which has expired; false when there is none to be had. */
  renew(used: string): Promise<boolean>;
}

/** Asks the function at the first call and after an expiry, once for all calls that want a token at the same time. */
export function tokensOf(token: Token): Tokens {
  if (typeof token === "string") return { current: async () => token, renew: async () => false };
  let kept: Promise<string> | undefined;
  let user: string | undefined;

  async function ask(): Promise<string> {
    const fresh = await Promise.resolve()
      .then(token as () => string | Promise<string>)
      .catch((cause) => {
        throw isOfTheLine(cause) ? new TaskwardError("unreachable", "The token function got no answer.", { cause }) : cause;
      });
    if (!fresh) throw new TaskwardError("token_missing", "The token function gave no token: nobody may be signed in.");
    // A write that began in one person's name must not be repeated in another's.
    if (user !== undefined && subjectOf(fresh) !== user)
      throw new TaskwardError(
        "other_user",
        "The token function gave a token of another user than before: whoever signs in needs a client of their own.",
      );
    user = subjectOf(fresh);
    return fresh;
  }

  function asked(): Promise<string> {
    const asking = ask();
    kept = asking;
    asking.catch(() => {
      if (kept === asking) kept = undefined; // the next call asks again
    });
    return asking;
  }

  return {
    current: () => kept ?? asked(),
    async renew(used) {
      const before = kept;
      // Of several calls that were refused together, and wait here together, the first asks.
      if (before === undefined || ((await before) === used && kept === before)) await asked();
      return true;
    },
  };
}

/**
 * What `fetch` and reading its answer throw without a line, or for an answer of something else, and mistakes in a program do
 * not. There is no type of its own for it, only the words of each engine.
 */
function isOfTheLine(error: unknown): boolean {
  const { name, message } = Object(error);
  return name === "TimeoutError" || name === "SyntaxError" || (name === "TypeError" && NO_LINE.test(message));
}

const NO_LINE = /^(Failed to fetch|fetch failed|NetworkError|Network request failed|network error|terminated|Load failed|The .*connection|Error in input stream)/i;

/** The user that a JWT names; it is not verified, only compared. */
function subjectOf(jwt: string): string {
  return String(claimsOf(jwt)["sub"]); // of a token that is none, the API will say so
}

/** All that a JWT says of its user, an organization for example, and that its successor says too. */
export function lastingOf(jwt: string): string {
  const { iat: _, exp: __, nbf: ___, jti: ____, ...lasting } = claimsOf(jwt);
  return JSON.stringify(lasting);
}

function claimsOf(jwt: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(atob((jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))));
  } catch {
    return {};
  }
}
