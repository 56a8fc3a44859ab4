// What an assistant does to reach its user's tasks, without the model: it finds out who signs people in, registers itself
// there, sends its user to agree, and calls tools. `node agent.mjs http://localhost:8000/mcp`, and a line for each call:
// find_tasks {"text": "milk"}
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

const [url = "http://localhost:8000/mcp", mode = "auto"] = process.argv.slice(2);

// Where the browser comes back to, with the code that is good for a token.
const callbacks = createServer().listen(0, "localhost");
await new Promise((resolve) => callbacks.once("listening", resolve));
const redirectUrl = `http://localhost:${callbacks.address().port}/callback`;
const cameBack = new Promise((resolve) => {
  callbacks.on("request", (request, response) => {
    response.end("You can close this page.");
    resolve(new URL(request.url, redirectUrl).searchParams);
  });
});

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

async function connected() {
  const client = new Client({ name: "example", version: "1.0.0" }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
  try {
    await client.connect(transport);
    return client;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(await cameBack);
    return connected();
  }
}

const client = await connected();
callbacks.close();
const { tools } = await client.listTools();
console.log(`Tools: ${tools.map((tool) => tool.name).join(", ")}`);

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...rest] = line.split(" ");
  const result = await client.callTool({ name, arguments: JSON.parse(rest.join(" ") || "{}") });
  console.log(result.isError ? result.content[0].text : JSON.stringify(result.structuredContent));
}
await client.close();
