// What stands between a client and the API: lines that break, and gateways that answer by themselves.

import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function listening(test: TestContext, server: Server | ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A line that breaks: each connection after so many bytes as the plan says, of the requests or of the answers. */
export async function breakingLine(test: TestContext, target: string, plan: () => { requests: number; answers: number }) {
  const counted = { broken: 0, replayed: 0 };
  const { hostname, port } = new URL(target);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const left = plan();
    const end = () => {
      near.destroy();
      far.destroy();
    };
    const pass = (from: Socket, to: Socket, way: keyof typeof left) =>
      from.on("data", (bytes: Buffer) => {
        if (way === "answers" && bytes.includes("idempotent-replayed: true")) counted.replayed++;
        if (bytes.length < left[way]) {
          left[way] -= bytes.length;
          to.write(bytes);
          return;
        }
        counted.broken++;
        to.write(bytes.subarray(0, left[way]), end);
      });
    pass(near, far, "requests");
    pass(far, near, "answers");
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
  });
  return { url: await listening(test, server), counted };
}

export type Scripted = (response: ServerResponse, request: IncomingMessage) => void;

/** A gateway that gives these answers first, one a request, and then those of the API. */
export async function gateway(test: TestContext, target: string, ...scripted: Scripted[]) {
  const asked: { at: number; method: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createHttpServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ at: performance.now(), method, headers });
    const body = await buffer(request);
    const answer = scripted.shift();
    if (answer) return answer(response, request);
    const { host: _, connection: __, "content-length": ___, ...sent } = headers;
    const left = new AbortController(); // by the client
    response.on("close", () => left.abort());
    try {
      const real = await fetch(target + url, {
        method,
        headers: sent as Record<string, string>,
        signal: left.signal,
        ...(body.length && { body: new Uint8Array(body) }),
      });
      response.writeHead(real.status, Object.fromEntries(real.headers));
      response.end(Buffer.from(await real.arrayBuffer()));
    } catch (error) {
      if (!left.signal.aborted) throw error;
    }
  });
  test.after(() => server.closeAllConnections());
  return { url: await listening(test, server), asked };
}

/** A problem document, as the API would answer it. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Scripted {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
    response.end(JSON.stringify({ type: `urn:problem-type:taskward:${code}`, title: code, status, code, detail: `It is ${code}.` }));
  };
}

export function page(status: number, headers: Record<string, string> = {}): Scripted {
  return (response) => {
    response.writeHead(status, { "Content-Type": "text/html", ...headers });
    response.end("<html><h1>Something in front</h1></html>");
  };
}
