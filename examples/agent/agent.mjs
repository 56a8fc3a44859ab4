// What an assistant does to reach its user's tasks, without the model: it finds out who signs people in, registers itself
// there, sends its user to agree, and calls tools. `node agent.mjs http://localhost:8000/mcp`, and a line for each call:
// find_tasks {"text": "milk"}
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

const [url = "http://localhost:8000/mcp", mode = "auto"] = process.argv.slice(2);

// Where the browser comes back to, with the code that is good for a token, or with an error.
const callbacks = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, redirectUrl);
  if (pathname !== "/callback") return response.writeHead(404).end();
  response.end("You can close this page.");
  callbacks.emit("back", searchParams);
}).listen(0, "localhost");
await once(callbacks, "listening");
const redirectUrl = `http://localhost:${callbacks.address().port}/callback`;

// Kept for as long as the process runs. A real one keeps them as safely as a password.
const kept = {};
const authProvider = {
  redirectUrl,
  clientMetadata: { client_name: "Example", redirect_uris: [redirectUrl], token_endpoint_auth_method: "none", application_type: "native" },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  saveDiscoveryState: (state) => void (kept.discovery = state),
  discoveryState: () => kept.discovery,
  redirectToAuthorization: (address) => console.log(`Open ${address}`),
};

// Its user is sent to agree when it connects, and again when a tool needs more than they have agreed to.
async function agreed(attempt, transport) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const [said] = await once(callbacks, "back");
    if (said.has("error")) throw new Error(`The user has not agreed: ${said.get("error")}.`);
    await transport.finishAuth(said);
    return null;
  }
}

async function connected() {
  const client = new Client({ name: "example", version: "1.0.0" }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
  const connect = async () => {
    await client.connect(transport);
    return client;
  };
  return (await agreed(connect, transport)) ?? connected();
}

async function call(line) {
  const [name, ...rest] = line.split(" ");
  const request = { name, arguments: JSON.parse(rest.join(" ") || "{}") };
  const result = (await agreed(() => client.callTool(request), client.transport)) ?? (await client.callTool(request));
  return result.isError ? result.content[0].text : JSON.stringify(result.structuredContent);
}

let client;
try {
  client = await connected();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { tools } = await client.listTools();
console.log(`Tools: ${tools.map((tool) => tool.name).join(", ")}`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) console.log(await call(line.trim()).catch((error) => error.message));
}
await client.close();
callbacks.close();
