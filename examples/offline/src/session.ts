// Who is signed in, with the Better Auth of examples/better-auth. The session is kept over a reload, and outlives a time without a line.

import { TaskwardError } from "@taskward/client";

const BETTER_AUTH = import.meta.env.VITE_BETTER_AUTH_URL ?? "http://localhost:4000";

export interface Session {
  secret: string;
  userId: string;
}

export function kept(): Session | undefined {
  const text = localStorage.getItem("session");
  return text === null ? undefined : JSON.parse(text);
}

/** Signs up whoever is not known yet. */
export async function signIn(email: string, password: string): Promise<Session> {
  const name = email.split("@")[0];
  for (const [call, person] of [["sign-in", { email, password }], ["sign-up", { name, email, password }]] as const) {
    const answer = await fetch(`${BETTER_AUTH}/api/auth/${call}/email`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(person),
    });
    if (!answer.ok) continue;
    const { token, user } = await answer.json();
    const session = { secret: token, userId: user.id };
    localStorage.setItem("session", JSON.stringify(session));
    return session;
  }
  throw new Error("Better Auth knows this address with another password.");
}

export function signOut(): void {
  localStorage.removeItem("session");
}

export async function tokenOf({ secret }: Session): Promise<string> {
  const answer = await fetch(`${BETTER_AUTH}/api/auth/token`, { headers: { Authorization: `Bearer ${secret}` } });
  if (answer.status >= 500) throw new TaskwardError("unreachable", `Better Auth is not available: ${answer.status}.`); // is waited for
  if (!answer.ok) throw new Error(`Better Auth gave no token: ${answer.status}.`);
  return (await answer.json()).token;
}
