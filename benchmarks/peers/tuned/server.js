// What a specialist makes of it in Node.js: no framework, one SQL function for each call, so one round trip, prepared and
// pipelined by postgres.js; PostgreSQL writes the JSON, which is passed on as it comes. The same tables under the same
// row-level security as Taskward, the same clock of each owner, words for the search, ETags and cursors.
//
// Left out: log, rate limit, deadlines, idempotency keys, CORS, poolers; filters, searches and orders of a list; which
// field of a body is wrong; lists, subtasks, names of a client's own, reminders and recurrence, which are answered and
// left as they are, but not written.

import { hash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";
import postgres from "postgres";
import { wordsOf } from "../words.mjs";

const { DATABASE_URL, JWKS_URL, ORIGIN, TASK_FIELDS } = process.env;

// --- the database ----------------------------------------------------------------------------------------------------

// Those of TaskRead in the release that is compared with, each in a column of its name.
const fields = Object.keys(JSON.parse(TASK_FIELDS)).map((name) => `tasks.${name}`);
const JSON_OF_TASK = `(select row_to_json(shape)::text from (select ${fields.join(", ")}) as shape)`;
const SEES_THEIRS = "ignored := set_config('app.user_id', p_owner, true);";
const TICKS =
  "insert into owner (owner_id, version, feed_floor) values (p_owner, p_now, p_now) on conflict (owner_id) do update " +
  "set version = greatest(owner.version + 1, excluded.version) returning owner.version into clock;";
const LIVE = "tasks.owner_id = p_owner and tasks.deleted_at is null";

const functionOf = (signature, body) => `
  create or replace function tuned.${signature} language plpgsql as $$
  declare ignored text; clock bigint;
  begin ${SEES_THEIRS} ${body} end $$;`;

const FUNCTIONS = [
  functionOf(
    "find_task(p_owner text, p_id bigint, out etag bigint, out body text)",
    `select tasks.version, ${JSON_OF_TASK} into etag, body from tasks where ${LIVE} and tasks.id = p_id;`,
  ),
  functionOf(
    "list_tasks(p_owner text, p_after bigint, p_skip int, p_limit int, out last bigint, out has_more bool, out body text)",
    `select max(page.id), coalesce('[' || string_agg(page.json, ',' order by page.id) || ']', '[]') into last, body
     from (select tasks.id, ${JSON_OF_TASK} as json from tasks where ${LIVE} and tasks.id > p_after
           order by tasks.id offset p_skip limit p_limit) as page;
     has_more := exists (select from tasks where ${LIVE} and tasks.id > last);`,
  ),
  functionOf(
    `create_task(p_owner text, p_now bigint, p_title text, p_description text, p_status text, p_priority text,
       p_due_on date, p_due_at timestamptz, p_time_zone text, p_tags text, p_title_words text, p_title_unspaced text,
       p_description_words text, p_description_unspaced text, out id bigint, out etag bigint, out body text)`,
    // The default of a position reads the version.
    `${TICKS} ignored := set_config('app.version', clock::text, true);
     insert into tasks (owner_id, version, title, description, status, priority, due_on, due_at, time_zone, tags,
       marked_done_at, title_words, title_unspaced, description_words, description_unspaced)
     values (p_owner, clock, p_title, p_description, p_status, p_priority, p_due_on, p_due_at, p_time_zone,
       array(select json_array_elements_text(p_tags::json)), case when p_status = 'Done' then now() end,
       array_to_tsvector(p_title_words::text[]), p_title_unspaced,
       array_to_tsvector(p_description_words::text[]), p_description_unspaced)
     returning tasks.id, tasks.version, ${JSON_OF_TASK} into id, etag, body;`,
  ),
  functionOf(
    `change_task(p_owner text, p_now bigint, p_id bigint, p_expected text, p_patch text, p_title_words text,
       p_title_unspaced text, p_description_words text, p_description_unspaced text, out is_there bool, out etag bigint, out body text)`,
    `${TICKS}
     with given as materialized (select p_patch::jsonb as patch)
     update tasks set updated_at = now(),
       -- What moves a series, or ends an occurrence of it, is refused.
       version = case when recurrence is not null and (patch ?| '{due_on,due_at,time_zone}'
         or (coalesce(patch ->> 'status', status) = 'Done') <> (status = 'Done')) then refuse('TW491')::bigint else clock end,
       ${["title", "description", "status", "priority", "time_zone"].map((name) => ifGiven(name, `patch ->> '${name}'`))},
       ${ifGiven("due_on", "(patch ->> 'due_on')::date")},
       ${ifGiven("due_at", "(patch ->> 'due_at')::timestamptz")},
       ${ifGiven("tags", "array(select jsonb_array_elements_text(patch -> 'tags'))")},
       marked_done_at = case when coalesce(patch ->> 'status', status) = 'Done' then completed_at end,
       ${ifGiven("title_words", "array_to_tsvector(p_title_words::text[])", "title")},
       ${ifGiven("title_unspaced", "p_title_unspaced", "title")},
       ${ifGiven("description_words", "array_to_tsvector(p_description_words::text[])", "description")},
       ${ifGiven("description_unspaced", "p_description_unspaced", "description")}
     from given
     where ${LIVE} and tasks.id = p_id and (p_expected is null or tasks.version = any (p_expected::bigint[]))
     returning tasks.version, ${JSON_OF_TASK} into etag, body;
     is_there := etag is not null or exists (select from tasks where ${LIVE} and tasks.id = p_id);`,
  ),
];

function ifGiven(column, value, field = column) {
  return `${column} = case when patch ? '${field}' then ${value} else tasks.${column} end`;
}

const owner = postgres(DATABASE_URL, { max: 1, onnotice: () => {} });
await owner.unsafe(`create schema if not exists tuned; grant usage on schema tuned to taskward_app; ${FUNCTIONS.join("")}`);
await owner.end();

// As many statements wait on one connection as come: no answer is waited for before the next is sent.
const sql = postgres(DATABASE_URL, { max: 10, fetch_types: false, connection: { role: "taskward_app", TimeZone: "UTC" } });

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

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.body = JSON.stringify({ type: `urn:problem-type:${code}`, title: detail, status, code, detail });
  }
}

const notFound = () => new Refusal(404, "task_not_found", "There is no such task.");
const invalid = (detail) => new Refusal(422, "validation_failed", detail);

/** The owner; a promise of it when the token is met for the first time. */
function ownerOf(header = "") {
  if (header.slice(0, 7).toLowerCase() !== "bearer ") {
    throw new Refusal(401, "token_missing", "This call needs a bearer token.");
  }
  const token = header.slice(7);
  const known = verified.get(token);
  return known !== undefined && Date.now() < known.until ? known.owner : verify(token);
}

async function verify(token) {
  const refusal = new Refusal(401, "token_invalid", "The token is not valid.");
  const { payload, protectedHeader } = await jwtVerify(token, keys, rules).catch(() => Promise.reject(refusal));
  const { sub, iat, exp } = payload;
  const type = protectedHeader.typ?.toLowerCase();
  const isOwner = typeof sub === "string" && sub.length > 0 && sub.length <= 320 && sub.trim() === sub;
  const isUsual = protectedHeader.kid !== undefined && (type === undefined || type === "jwt" || type === "at+jwt");
  if (!isOwner || !isUsual || iat > Date.now() / 1000 + 30) throw refusal;
  if (verified.size >= 10000) verified.delete(verified.keys().next().value);
  verified.set(token, { owner: sub, until: (exp + 30) * 1000 });
  return sub;
}

// --- what is sent ----------------------------------------------------------------------------------------------------

const timeZones = new Set(Intl.supportedValuesOf("timeZone")).add("UTC");
const isText = (value) => typeof value === "string";
const orNull = (is) => (value) => value === null || is(value);

// The types; lengths, days and known words are checked by the domains of the columns, and by them alone.
const writable = {
  title: isText,
  description: orNull(isText),
  status: isText,
  priority: orNull(isText),
  due_on: orNull((value) => isText(value) && /^\d{4}-\d\d-\d\d$/.test(value)),
  due_at: orNull((value) => isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value)),
  time_zone: orNull((value) => timeZones.has(value)),
  tags: (value) => Array.isArray(value) && value.every(isText),
};

async function bodyOf(request) {
  if (!/^application\/json\b/i.test(request.headers["content-type"])) {
    throw new Refusal(415, "unsupported_media_type", "The body should be JSON.");
  }
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 64 * 1024) throw new Refusal(413, "body_too_large", "The body is longer than 64 KiB.");
    chunks.push(chunk);
  }
  let body;
  try {
    body = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  } catch {
    throw invalid("The body is not JSON.");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw invalid("The body should be an object.");
  for (const name of Object.keys(body)) {
    if (!Object.hasOwn(writable, name) || !writable[name](body[name])) throw invalid(`${name} is not right.`);
  }
  if (body.due_on && body.due_at) throw invalid("A task has a day or an instant, not both.");
  return body;
}

/** What a search looks at, with the words as PostgreSQL reads arrays: letters and digits, which need no escape. */
function searched(text) {
  const { words, unspaced } = wordsOf(text);
  return { words: `{${words.map((word) => `"${word}"`)}}`, unspaced };
}

/** The versions that may be changed, as PostgreSQL reads arrays; null allows any (RFC 9110 §13.1.1). */
function versionsIn(ifMatch) {
  if (ifMatch === undefined || ifMatch.trim() === "*") return null;
  return `{${ifMatch.split(",").map((tag) => /^"([1-9][0-9]{0,15})"$/.exec(tag.trim())?.[1]).filter(Boolean)}}`;
}

const cursorFor = (id, owner) => hash("sha256", `${owner}\n${id}`, "base64url").slice(0, 16) + id;

function placeOf(cursor, owner) {
  const id = cursor.slice(16);
  if (!/^[1-9][0-9]{0,15}$/.test(id) || cursorFor(id, owner) !== cursor) {
    throw new Refusal(422, "cursor_invalid", "This cursor was not given out for this list.");
  }
  return id;
}

// --- the calls -------------------------------------------------------------------------------------------------------

async function find(owner, id, reply) {
  const [task] = await sql`select etag, body from tuned.find_task(${owner}, ${id})`;
  if (task.etag === null) throw notFound();
  reply(200, task.body, "etag", `"${task.etag}"`);
}

async function list(owner, query, reply) {
  const { skip = "0", limit = "100", cursor, ...others } = Object.fromEntries(new URLSearchParams(query));
  const isRight = /^[0-9]{1,9}$/.test(skip) && /^[1-9][0-9]{0,2}$/.test(limit) && Number(limit) <= 500;
  if (!isRight || Object.keys(others).length > 0 || (cursor && skip !== "0")) throw invalid("The query is not right.");
  const after = cursor ? placeOf(cursor, owner) : "0";
  const [page] = await sql`
    select last, has_more, body from tuned.list_tasks(${owner}, ${after}, ${skip}, ${limit})`;
  if (!page.has_more) return reply(200, page.body);
  return reply(200, page.body, "link", `<?cursor=${cursorFor(page.last, owner)}&limit=${limit}>; rel="next"`);
}

async function create(owner, request, reply) {
  const body = await bodyOf(request);
  const { title, description = null, status = "Todo", priority = null, tags = [] } = body;
  const { due_on: day = null, due_at: instant = null, time_zone: zone = null } = body;
  if (title === undefined) throw invalid("A task needs a title.");
  const [inTitle, inDescription] = [searched(title), searched(description)];
  const [task] = await sql`
    select id, etag, body from tuned.create_task(${owner}, ${Date.now()}, ${title}, ${description}, ${status},
      ${priority}, ${day}, ${instant}, ${zone}, ${JSON.stringify(tags)}, ${inTitle.words}, ${inTitle.unspaced},
      ${inDescription.words}, ${inDescription.unspaced})`;
  reply(201, task.body, "etag", `"${task.etag}"`, "location", `/tasks/${task.id}`);
}

async function change(owner, id, request, reply) {
  const body = await bodyOf(request);
  if (body.due_on) body.due_at = null;
  if (body.due_at) body.due_on = null;
  const expected = versionsIn(request.headers["if-match"]);
  const mismatch = () => new Refusal(412, "version_mismatch", "The task has changed since.");
  if (Object.keys(body).length === 0) {
    const [task] = await sql`select etag, body from tuned.find_task(${owner}, ${id})`;
    if (task.etag === null) throw notFound();
    if (expected !== null && !expected.slice(1, -1).split(",").includes(task.etag)) throw mismatch();
    return reply(200, task.body, "etag", `"${task.etag}"`);
  }
  const [inTitle, inDescription] = [searched(body.title), searched(body.description)];
  const [task] = await sql`
    select is_there, etag, body from tuned.change_task(${owner}, ${Date.now()}, ${id}, ${expected},
      ${JSON.stringify(body)}, ${inTitle.words}, ${inTitle.unspaced}, ${inDescription.words}, ${inDescription.unspaced})`;
  if (!task.is_there) throw notFound();
  if (task.etag === null) throw mismatch();
  return reply(200, task.body, "etag", `"${task.etag}"`);
}

// --- HTTP ------------------------------------------------------------------------------------------------------------

async function answer(request, reply) {
  const [path, query = ""] = request.url.split("?", 2);
  const { method } = request;
  if (path === "/health") return reply(200, '{"status":"ok"}');
  const known = ownerOf(request.headers.authorization);
  const owner = isText(known) ? known : await known;
  if (path === "/tasks") {
    if (method === "GET") return list(owner, query, reply);
    if (method === "POST") return create(owner, request, reply);
  } else if (path.startsWith("/tasks/")) {
    const id = path.slice(7);
    if (!/^[1-9][0-9]{0,15}$/.test(id)) throw invalid("The id is out of range.");
    if (method === "GET") return find(owner, id, reply);
    if (method === "PATCH") return change(owner, id, request, reply);
  } else throw new Refusal(404, "not_found", "There is nothing here.");
  throw new Refusal(405, "method_not_allowed", "This is not done here.");
}

const server = createServer((request, response) => {
  const reply = (status, body, ...headers) => {
    const type = status < 400 ? "application/json" : "application/problem+json";
    const id = request.headers["x-request-id"] ?? randomUUID();
    const always = ["cache-control", "no-store", "x-content-type-options", "nosniff", "x-request-id", id];
    response.writeHead(status, ["content-type", type, "content-length", Buffer.byteLength(body), ...always, ...headers]);
    response.end(body);
  };
  answer(request, reply).catch((error) => {
    const refusal = error instanceof Refusal ? error : refusalOf(error);
    if (refusal.status === 401) reply(401, refusal.body, "www-authenticate", 'Bearer error="invalid_token"');
    else reply(refusal.status, refusal.body);
  });
});

function refusalOf(error) {
  if (error.code === "TW491") return new Refusal(409, "recurring_task", "The task recurs.");
  // A value that is out of its type, or refused by a check (PostgreSQL, Appendix A).
  if (/^22|^23514$/.test(error.code)) return invalid("A value of the body is not right.");
  console.error(error);
  return new Refusal(500, "internal_error", "Something went wrong here.");
}

server.listen(Number(process.argv[2]), "127.0.0.1");
