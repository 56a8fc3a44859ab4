// A line {"rule", "start", "count"} each, answered by a line with the first so many days of the rule.
import { createInterface } from "node:readline";
import rrule from "rrule";

for await (const line of createInterface({ input: process.stdin })) {
  const { rule, start, count } = JSON.parse(line);
  const options = rrule.RRule.parseString(rule);
  const judge = new rrule.RRule({ ...options, dtstart: new Date(`${start}T00:00:00Z`) });
  const days = judge.all((_, index) => index < count);
  console.log(JSON.stringify(days.map((day) => day.toISOString().slice(0, 10))));
}
