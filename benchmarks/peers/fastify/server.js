// Fastify with pg and jose, doing what Taskward does: the same checks of the token, the same tables under the same
// row-level security, the same clock of each owner, ETags, cursors, validation and problem documents.
//
// Left out: log, rate limit, deadlines, idempotency keys, CORS, poolers; filters, searches and orders of a list; lists,
// subtasks, names of a client's own, reminders and recurrence, which are answered and left as they are, but not written.

import { createHash, randomUUID } from "node:crypto";
import Fastify from "fastify";
import { createRemoteJWKSet, jwtVerify } from "jose";
import pg from "pg";
import { wordsOf } from "../words.mjs";

const { DATABASE_URL, JWKS_URL, ORIGIN, TASK_FIELDS } = process.env;
const port = Number(process.argv[2]);

// --- the shapes ------------------------------------------------------------------------------------------------------

const text = { type: "string", pattern: "^[^\\u0000]*$" };
const title = { ...text, minLength: 1, maxLength: 255, pattern: "^[^\\u0000]*[^\\u0000\\s][^\\u0000]*$" };
const writable = {
  title,
  description: { ...text, type: ["string", "null"], maxLength: 10000 },
  status: { type: "string", enum: ["Todo", "InProgress", "Done"] },
  priority: { type: ["string", "null"], enum: ["low", "medium", "high", null] },
  due_on: { type: ["string", "null"], format: "date" },
  due_at: { type: ["string", "null"], format: "date-time" },
  time_zone: { type: ["string", "null"], maxLength: 64 },
  tags: { type: "array", maxItems: 20, uniqueItems: true, items: { ...text, minLength: 1, maxLength: 50 } },
};

// Those of TaskRead in the release that is compared with, each with its schema and in a column of its name.
const readable = JSON.parse(TASK_FIELDS);
const fields = Object.keys(readable);
const written = Object.keys(writable);
const empty = { ...Object.fromEntries(written.map((name) => [name, null])), status: "Todo", tags: [] };

const TaskRead = { type: "object", properties: readable };
const TaskPatch = { type: "object", additionalProperties: false, properties: writable };
const TaskCreate = { ...TaskPatch, required: ["title"] };
const TaskId = { type: "object", properties: { id: { type: "string", pattern: "^[1-9][0-9]{0,15}$" } } };
const ListQuery = {
  type: "object",
  additionalProperties: false,
  properties: {
    skip: { type: "string", pattern: "^[0-9]{1,9}$" },
    limit: { type: "string", pattern: "^([1-9]|[1-9][0-9]|[1-4][0-9]{2}|500)$" },
    cursor: { type: "string" },
  },
};
const timeZones = new Set(Intl.supportedValuesOf("timeZone")).add("UTC");

// --- errors ----------------------------------------------------------------------------------------------------------

class Problem extends Error {
  constructor(status, code, title, detail) {
    super(detail);
    this.document = { type: `urn:problem-type:${code}`, title, status, code, detail };
  }
}

const notFound = () => new Problem(404, "task_not_found", "Not found", "There is no such task.");
const recurs = () => new Problem(409, "recurring_task", "Conflict", "The task recurs.");
const invalid = (detail) => new Problem(422, "validation_failed", "Validation failed", detail);
const unauthorized = (detail) => new Problem(401, "token_invalid", "Not authenticated", detail);

// --- who asks --------------------------------------------------------------------------------------------------------

const keys = createRemoteJWKSet(new URL(JWKS_URL), { cooldownDuration: 5000, cacheMaxAge: 300000 });
const verified = new Map();
const rules = {
  issuer: ORIGIN,
  audience: ORIGIN,
  algorithms: ["EdDSA", "ES256", "ES512", "RS256", "PS256"],
  requiredClaims: ["iat", "exp", "sub"],
  clockTolerance: 30,
};

async function verify(token) {
  let payload, protectedHeader;
  try {
    ({ payload, protectedHeader } = await jwtVerify(token, keys, rules));
  } catch {
    throw unauthorized("The token is not valid.");
  }
  const { sub, iat, exp } = payload;
  const type = protectedHeader.typ?.toLowerCase();
  const isOwner = typeof sub === "string" && sub.length > 0 && sub.length <= 320 && sub.trim() === sub;
  const isFromFuture = iat > Date.now() / 1000 + 30;
  const isUsual = protectedHeader.kid !== undefined && (type === undefined || type === "jwt" || type === "at+jwt");
  if (!isOwner || isFromFuture || !isUsual) throw unauthorized("The token is not valid.");
  if (verified.size >= 10000) verified.delete(verified.keys().next().value);
  verified.set(token, { owner: sub, until: (exp + 30) * 1000 });
  return sub;
}

function authenticate(request, reply, done) {
  reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff", "x-request-id": request.id });
  const header = request.headers.authorization ?? "";
  if (header.slice(0, 7).toLowerCase() !== "bearer ") {
    done(new Problem(401, "token_missing", "Not authenticated", "This call needs a bearer token."));
    return;
  }
  const token = header.slice(7);
  const known = verified.get(token);
  if (known !== undefined && Date.now() < known.until) {
    request.owner = known.owner;
    done();
    return;
  }
  verify(token).then((owner) => {
    request.owner = owner;
    done();
  }, done);
}

// --- the database ----------------------------------------------------------------------------------------------------

pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.DATE, String);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

const CONTEXT =
  "select set_config('role', 'taskward_app', true), set_config('app.user_id', $1, true), set_config('timezone', 'UTC', true)";
// For the rest of the transaction: the default of a new row's position reads it too.
const TICK =
  "insert into owner (owner_id, version, feed_floor) values ($1, $2::bigint, $2::bigint) on conflict (owner_id) " +
  "do update set version = greatest(owner.version + 1, excluded.version) " +
  "returning set_config('app.version', version::text, true)";
const NOW = "current_setting('app.version')::bigint";
const RETURNED = `${fields.join(", ")}, version as etag`;
const LIVE = "owner_id = $1 and deleted_at is null";
const FIND = `select ${RETURNED} from tasks where ${LIVE} and id = $2`;
const LIST = `select ${fields.join(", ")} from tasks where ${LIVE} and id > $2 order by id offset $3 limit $4`;
const WORDS = ["title", "description"].flatMap((name) => [`${name}_words`, `${name}_unspaced`]);
const stored = [...written, ...WORDS];
const CREATE = createOf(stored);

function createOf(names) {
  const values = names.map((name, index) => parameter(name, index + 2));
  const done = `case when ${parameter("status", names.indexOf("status") + 2)} = 'Done' then now() end`;
  return (
    `insert into tasks (owner_id, version, marked_done_at, ${names.join(", ")}) ` +
    `values ($1, ${NOW}, ${done}, ${values.join(", ")}) returning ${RETURNED}`
  );
}

/** The update of these columns; prepared once for each set of them. */
function changeOf(names) {
  const sets = names.map((name, index) => `${name} = ${parameter(name, index + 4)}`);
  // Since when it is done; completed_at takes updated_at for null.
  const status = names.includes("status") ? parameter("status", names.indexOf("status") + 4) : "status";
  sets.push(`marked_done_at = case when ${status} = 'Done' then completed_at end`);
  return (
    `update tasks set ${sets.join(", ")}, version = ${versionOf(names)}, updated_at = now() ` +
    `where ${LIVE} and id = $2 and ($3::bigint[] is null or version = any($3)) returning ${RETURNED}`
  );
}

/** Of a set of columns: a list of them would be longer than the 63 characters that PostgreSQL keeps of a name. */
function numberOf(names) {
  return names.reduce((number, name) => number | (1 << stored.indexOf(name)), 0);
}

/** What moves a series, or ends an occurrence of it, is refused. */
function versionOf(names) {
  const moving = [];
  if (names.includes("status")) {
    moving.push(`(${parameter("status", names.indexOf("status") + 4)} = 'Done') <> (status = 'Done')`);
  }
  if (names.some((name) => ["due_on", "due_at", "time_zone"].includes(name))) moving.push("true");
  if (moving.length === 0) return NOW;
  return `case when recurrence is not null and (${moving.join(" or ")}) then refuse('TW491')::bigint else ${NOW} end`;
}

function parameter(name, number) {
  if (name.endsWith("_words")) return `array_to_tsvector($${number}::text[])`;
  return name === "status" ? `$${number}::text` : `$${number}`; // it is compared as a text too
}

function withWords(values) {
  const made = { ...values };
  for (const name of ["title", "description"]) {
    if (name in values) {
      const { words, unspaced } = wordsOf(values[name]);
      made[`${name}_words`] = words;
      made[`${name}_unspaced`] = unspaced;
    }
  }
  return made;
}

/** One transaction with the eyes of the owner. */
async function asOwner(owner, work) {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query({ name: "context", text: CONTEXT, values: [owner] });
    const result = await work(client);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    await client.query("rollback").then(() => client.release(), (broken) => client.release(broken));
    throw error;
  }
}

const tick = (client, owner) => client.query({ name: "tick", text: TICK, values: [owner, Date.now()] });

// --- the routes ------------------------------------------------------------------------------------------------------

const app = Fastify({
  bodyLimit: 64 * 1024,
  requestIdHeader: "x-request-id",
  genReqId: () => randomUUID(),
  // As they come: neither coerced nor silently dropped.
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
});

app.setErrorHandler((error, _request, reply) => {
  const document = (error instanceof Problem ? error : problemOf(error)).document;
  if (document.status === 401) reply.header("www-authenticate", 'Bearer error="invalid_token"');
  reply.code(document.status).type("application/problem+json").send(JSON.stringify(document));
});

function problemOf(error) {
  if (error.validation !== undefined) return invalid(error.message);
  if (error.code === "TW491") return recurs();
  if (error.statusCode < 500) return new Problem(error.statusCode, "refused", "Refused", error.message);
  console.error(error);
  return new Problem(500, "internal_error", "Internal error", "Something went wrong here.");
}

app.get("/health", async () => ({ status: "ok" }));

app.register(async (tasks) => {
  tasks.addHook("onRequest", authenticate);

  const options = { schema: { params: TaskId, response: { 200: TaskRead } } };

  tasks.get("/tasks/:id", options, async ({ owner, params }, reply) => {
    const values = [owner, idOf(params)];
    const { rows } = await asOwner(owner, (client) => client.query({ name: "find", text: FIND, values }));
    if (rows.length === 0) throw notFound();
    return one(reply, rows[0]);
  });

  const listed = { schema: { querystring: ListQuery, response: { 200: { type: "array", items: TaskRead } } } };

  tasks.get("/tasks", listed, async ({ owner, query }, reply) => {
    if (query.cursor !== undefined && query.skip !== undefined) throw invalid("Send skip or cursor, not both.");
    const limit = Number(query.limit ?? 100);
    const after = query.cursor === undefined ? 0 : placeOf(query.cursor, owner);
    const values = [owner, after, Number(query.skip ?? 0), limit + 1];
    const { rows } = await asOwner(owner, (client) => client.query({ name: "list", text: LIST, values }));
    if (rows.length > limit) {
      rows.pop();
      reply.header("link", `<?cursor=${cursorFor(rows[limit - 1].id, owner)}&limit=${limit}>; rel="next"`);
    }
    return rows;
  });

  const created = { schema: { body: TaskCreate, response: { 201: TaskRead } } };

  tasks.post("/tasks", created, async ({ owner, body }, reply) => {
    refuseContradictions(body);
    const task = withWords({ ...empty, ...body });
    const values = [owner, ...stored.map((name) => task[name])];
    const { rows } = await asOwner(owner, async (client) => {
      await tick(client, owner);
      return client.query({ name: "create", text: CREATE, values });
    });
    reply.code(201).header("location", `/tasks/${rows[0].id}`);
    return one(reply, rows[0]);
  });

  const changed = { schema: { ...options.schema, body: TaskPatch } };

  tasks.patch("/tasks/:id", changed, async ({ owner, params, body, headers }, reply) => {
    refuseContradictions(body);
    const id = idOf(params);
    const expected = versionsIn(headers["if-match"]);
    const values = withWords(body);
    if (body.due_on) values.due_at = null;
    if (body.due_at) values.due_on = null;
    const names = Object.keys(values).sort();
    const row = await asOwner(owner, async (client) => {
      if (names.length > 0) {
        await tick(client, owner);
        const { rows } = await client.query({
          name: `change ${numberOf(names)}`,
          text: changeOf(names),
          values: [owner, id, expected, ...names.map((name) => values[name])],
        });
        if (rows.length > 0) return rows[0];
      }
      const { rows } = await client.query({ name: "find", text: FIND, values: [owner, id] });
      if (rows.length === 0) throw notFound();
      if (names.length > 0 || (expected !== null && !expected.includes(rows[0].etag))) {
        throw new Problem(412, "version_mismatch", "Precondition failed", "The task has changed since.");
      }
      return rows[0];
    });
    return one(reply, row);
  });
});

function one(reply, row) {
  reply.header("etag", `"${row.etag}"`);
  return row;
}

function idOf(params) {
  const id = Number(params.id);
  if (!Number.isSafeInteger(id)) throw invalid("The id is out of range.");
  return id;
}

function refuseContradictions(body) {
  if (body.due_on && body.due_at) throw invalid("A task has a day or an instant, not both.");
  if (body.time_zone && !timeZones.has(body.time_zone)) throw invalid("This time zone is not known.");
}

/** The versions that may be changed; null allows any (RFC 9110 §13.1.1). */
function versionsIn(ifMatch) {
  if (ifMatch === undefined || ifMatch.trim() === "*") return null;
  return ifMatch.split(",").map((tag) => /^"([1-9][0-9]{0,15})"$/.exec(tag.trim())?.[1]).filter(Boolean).map(Number);
}

function digestOf(place, owner) {
  return createHash("sha256").update(JSON.stringify([owner, place])).digest().subarray(0, 12);
}

function cursorFor(id, owner) {
  const place = String(id);
  return Buffer.concat([digestOf(place, owner), Buffer.from(place)]).toString("base64url");
}

function placeOf(cursor, owner) {
  const place = Buffer.from(cursor, "base64url").subarray(12).toString();
  if (!/^[1-9][0-9]{0,15}$/.test(place) || cursorFor(place, owner) !== cursor) {
    throw new Problem(422, "cursor_invalid", "Cursor not valid", "This cursor was not given out for this list.");
  }
  return Number(place);
}

await app.listen({ host: "127.0.0.1", port });
