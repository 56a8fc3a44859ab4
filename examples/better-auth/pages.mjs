// The two pages that a user of an assistant meets: to sign in, and to say what the assistant may do.
const STYLE = "<style>body{font:1.1rem system-ui;max-width:28rem;margin:4rem auto}input,button{font:inherit;margin:.3rem 0;padding:.4rem}</style>";

const SIGN_IN = `<h1>Sign in</h1><form>
<input name="email" type="email" placeholder="E-mail" required><br>
<input name="password" type="password" placeholder="Password, at least 8 characters" minlength="8" required><br>
<button value="/sign-in/email">Sign in</button> <button value="/sign-up/email">Sign up</button></form>`;

const CONSENT = `<h1>Let an assistant in?</h1><p>It asks for <b id="scope"></b>.</p><form>
<label><input name="may_write" type="checkbox" checked> It may change tasks too</label><br>
<button value="true">Allow</button> <button value="false">Deny</button></form>`;

// Better Auth signs the query of the page, and wants it back with what the user says.
const SCRIPT = `
const query = new URLSearchParams(location.search);
const asked = document.getElementById("scope");
if (asked) asked.textContent = query.get("scope");
const allowed = (mayWrite) =>
  query.get("scope").split(" ").filter((scope) => mayWrite || scope !== "tasks:write").join(" ");
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = event.submitter.value;
  const fields = Object.fromEntries(new FormData(event.target));
  const [call, body] = asked
    ? ["/oauth2/consent", { accept: said === "true", scope: allowed(fields.may_write) }]
    : [said, said === "/sign-up/email" ? { name: fields.email, ...fields } : fields];
  const answer = await fetch(BASE_PATH + call, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, oauth_query: query.toString() }),
  });
  const { url, message } = await answer.json();
  if (url) location.href = url;
  else document.body.append(message ?? "That did not work.");
});`;

// Whether it was a page that was asked for.
export function page(request, response, basePath) {
  const body = { "/sign-in": SIGN_IN, "/consent": CONSENT }[request.url.split("?")[0]];
  if (request.method !== "GET" || !body) return false;
  const script = `<script>const BASE_PATH = ${JSON.stringify(basePath)};${SCRIPT}</script>`;
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(`<!doctype html><meta name="viewport" content="width=device-width">${STYLE}${body}${script}`);
  return true;
}
