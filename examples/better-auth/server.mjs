// A Better Auth server in one file: people sign up, sign in and get the JWTs that Taskward accepts.
// Users, sessions and keys live in memory and end with the process.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt, organization } from "better-auth/plugins";
import { oauthProvider } from "@better-auth/oauth-provider";
import { page } from "./pages.mjs";

const {
  PORT = "4000", // 0 takes a free one
  BETTER_AUTH_URL, // where clients reach this server; http://localhost and the port when unset
  BASE_PATH = "/api/auth", // where its calls are below that
  BETTER_AUTH_SECRET = randomBytes(32).toString("base64"),
  ALGORITHM = "EdDSA", // or ES256, ES512, RS256, PS256
  TOKEN_SECONDS = "900", // how long a token is valid
  ROTATION_SECONDS, // how long a key signs before the next one does; for ever when unset
  ORGANIZATION_CLAIM, // such as activeOrganizationId, or org.id for id in org; without it there are no organizations
  MCP_URL, // such as http://localhost:8000/mcp: with it assistants get tokens for that, if their users agree
  TASKWARD_URL, // with it, whoever deletes the account there loses the tasks too
  FRONT_END = "http://localhost:3000", // the origin whose pages may call
} = process.env;

const TABLES = ["user", "session", "account", "verification", "jwks", "organization", "member", "invitation"];
const OAUTH_TABLES = ["Client", "Resource", "ClientResource", "RefreshToken", "AccessToken", "Consent", "ClientAssertion"];
TABLES.push(...OAUTH_TABLES.map((name) => `oauth${name}`));

const server = createServer();

server.once("listening", async () => {
  const url = BETTER_AUTH_URL ?? `http://localhost:${server.address().port}`;
  const auth = betterAuth({
    baseURL: url, // its origin is the issuer and the audience of every token
    basePath: BASE_PATH,
    secret: BETTER_AUTH_SECRET,
    trustedOrigins: [FRONT_END],
    database: memoryAdapter(Object.fromEntries(TABLES.map((table) => [table, []]))),
    emailAndPassword: { enabled: true },
    user: { deleteUser: { enabled: true, beforeDelete: TASKWARD_URL && ((user) => forgetTasks(auth, user.id)) } },
    plugins: [
      ...(ORGANIZATION_CLAIM ? [organization()] : []),
      ...(MCP_URL ? [assistants()] : []),
      bearer(), // takes the session as a bearer token too, for programs that keep no cookies
      jwt({
        jwt: {
          expirationTime: `${TOKEN_SECONDS}s`,
          // In place of the user's own fields, which stand in a token otherwise.
          definePayload: ORGANIZATION_CLAIM && (async ({ user, session }) => claim(await organizationOf(auth, user, session))),
        },
        jwks: { keyPairConfig: { alg: ALGORITHM }, rotationInterval: Number(ROTATION_SECONDS ?? 0) },
      }),
    ],
  });
  const answer = toNodeHandler(auth);

  server.on("request", (request, response) => {
    response.setHeader("Access-Control-Allow-Origin", FRONT_END);
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
    if (request.method === "OPTIONS") response.writeHead(204).end();
    else if (MCP_URL && page(request, response, BASE_PATH)) return;
    else answer(request, response);
  });
  await auth.api.getJwks(); // makes the first key, so that a wrong ALGORITHM ends the start
  console.log(`Better Auth is ready at ${new URL(url).origin}`);
});

// Assistants register themselves, send their users here, and get access tokens that are for Taskward's /mcp alone.
function assistants() {
  return oauthProvider({
    loginPage: "/sign-in",
    consentPage: "/consent",
    scopes: ["openid", "offline_access", "tasks:read", "tasks:write"],
    resources: [MCP_URL],
    allowDynamicClientRegistration: true,
    allowUnauthenticatedClientRegistration: true,
    clientRegistrationDefaultResources: [MCP_URL],
    accessTokenExpiresIn: Number(TOKEN_SECONDS),
  });
}

// The session keeps its organization when somebody else removes the member: what counts is whether they are one.
async function organizationOf(auth, user, session) {
  const organizationId = session.activeOrganizationId;
  if (!organizationId) return null;
  const where = [
    { field: "userId", value: user.id },
    { field: "organizationId", value: organizationId },
  ];
  const { adapter } = await auth.$context;
  return (await adapter.findOne({ model: "member", where })) ? organizationId : null;
}

// A token of our own making names the user alone. What throws here keeps the account.
async function forgetTasks(auth, userId) {
  const payload = { sub: userId, iat: Math.floor(Date.now() / 1000) };
  const { token } = await auth.api.signJWT({ body: { payload } });
  const url = `${TASKWARD_URL}/me?confirm=everything`;
  for (let attempt = 1; ; attempt++) {
    const { status } = await fetch(url, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
    if (status === 204) return;
    if (status !== 503 || attempt === 10) throw new Error(`The tasks could not be removed: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function claim(value) {
  return ORGANIZATION_CLAIM.split(".").reduceRight((inner, name) => ({ [name]: inner }), value);
}

server.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});

server.listen(Number(PORT), "127.0.0.1");
