// A line {"calendar", "count"} each, answered by a line with what stands in it: of each entry its texts and, by its own
// rule, the first so many times of its due, a day or an instant in UTC.
import { createInterface } from "node:readline";
import ICAL from "ical.js";

const told = (time) => (time.isDate ? time.toString() : new Date(time.toUnixTime() * 1000).toISOString());

function timesOf(entry, due, count) {
  const start = entry.getFirstPropertyValue("dtstart");
  if (!entry.hasProperty("rrule")) return [told(due)];
  const expansion = new ICAL.RecurExpansion({ component: entry, dtstart: start });
  const times = [];
  for (let time; times.length < count && (time = expansion.next()); ) times.push(told(time));
  return times;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { calendar, count } = JSON.parse(line);
  const root = new ICAL.Component(ICAL.parse(calendar));
  const entries = root.getAllSubcomponents().filter(({ name }) => name === "vtodo" || name === "vevent");
  const answers = entries.map((entry) => {
    const value = (name) => entry.getFirstPropertyValue(name);
    const due = value("due") ?? value("dtstart");
    return {
      uid: value("uid"),
      summary: value("summary"),
      description: value("description"),
      categories: entry.getFirstProperty("categories")?.getValues() ?? [],
      times: timesOf(entry, due, count),
    };
  });
  console.log(JSON.stringify(answers));
}
