// Receives Taskward's webhook: verifies it, takes each event once, and sends a mail for each reminder.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import nodemailer from "nodemailer";
import { Webhook } from "standardwebhooks";

const { PORT = "4001", WEBHOOK_SECRET = "", SMTP_URL, MAIL_FROM = "Taskward <tasks@example.com>" } = process.env;
const webhook = new Webhook(WEBHOOK_SECRET);
const post = nodemailer.createTransport(SMTP_URL ?? { jsonTransport: true });

// An application asks its own table of users: the owner is what Better Auth calls the user's id.
const addressOf = async (owner) => process.env.MAIL_TO ?? `${owner}@example.com`;

// An application keeps these ids in its database, as long as a repetition may come: an event can arrive twice, also at once.
const taken = new Map();

const on = {
  async "reminder.due"({ owner, reminder }, id) {
    const mail = { from: MAIL_FROM, to: await addressOf(owner), subject: reminder.title, messageId: `<${id}@taskward>` };
    const sent = await post.sendMail({ ...mail, text: reminder.title + due(reminder) });
    console.log(`A mail to ${mail.to}: ${sent.message ?? sent.messageId}`);
  },
};

function due({ due_on, due_at, time_zone }) {
  if (!due_at) return due_on ? `\n\nDue ${due_on}.` : ""; // a reminder at an instant needs no due
  const told = (timeZone) => `\n\nDue ${new Date(due_at).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long", timeZone })}.`;
  try {
    return told(time_zone ?? "UTC");
  } catch {
    return told("UTC"); // Node.js does not know the zone
  }
}

createServer(async (request, response) => {
  const { "webhook-id": id, "content-length": length } = request.headers;
  const answer = (status) => response.writeHead(status).end();
  if (!(length <= 1_000_000)) return answer(413);
  let event;
  try {
    event = webhook.verify(await text(request), request.headers);
  } catch (error) {
    console.error(`Refused: ${error.message}`);
    return answer(401);
  }
  try {
    if (!taken.has(id)) taken.set(id, on[event.type]?.(event.data, id));
    await taken.get(id);
    answer(204);
  } catch (error) {
    taken.delete(id); // Taskward sends it again
    console.error(`${id}: ${error.message}`);
    answer(500);
  }
}).listen(Number(PORT), "127.0.0.1", function () {
  console.log(`Waiting for Taskward at http://127.0.0.1:${this.address().port}`);
});
