// One page over two collections. What is on it follows them; what is done to it is written to them, with a line or without.

import { createCollection } from "@tanstack/db";
import { IndexedDBAdapter, NonRetriableError, startOfflineExecutor } from "@tanstack/offline-transactions";
import { taskward } from "@taskward/client";
import { indexedDbStore } from "@taskward/client/store";
import { type Conflict, keyOf, newList, newTask, place, type TaskRow, taskwardCollections } from "@taskward/client/tanstack";
import { keepFiles } from "./files.js";
import { kept, type Session, signIn, signOut, tokenOf } from "./session.js";

const TASKWARD = import.meta.env.VITE_TASKWARD_URL ?? "http://localhost:8000";
const page = document.querySelector("main")!;

const session = kept();
if (session) await open(session);
else askWho();
keepFiles().catch((error) => console.warn("The page will not open without a line:", error));

function askWho(): void {
  page.innerHTML = `
    <form>
      <input name="email" type="email" placeholder="ann@example.com" required autofocus>
      <input name="password" type="password" placeholder="at least 8 characters" minlength="8" required>
      <button>Sign in, or up</button>
      <p role="alert"></p>
    </form>`;
  const form = page.querySelector("form")!;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(form)) as Record<string, string>;
    try {
      await open(await signIn(email!, password!));
    } catch (error) {
      form.querySelector("p")!.textContent = String(error instanceof Error ? error.message : error);
    }
  };
}

async function open(session: Session): Promise<void> {
  const client = taskward({ url: TASKWARD, token: () => tokenOf(session) });
  const store = indexedDbStore(`taskward-copy-${session.userId}`); // nobody's tasks to another's eyes
  const data = taskwardCollections({
    client,
    store,
    onConflict: ask,
    onEvent: ({ type }) => {
      if (type === "unkept") say("This browser does not keep the tasks: the page opens with a line only.");
      else if (type !== "reset") state(type === "changes" ? "in step" : type === "failed" ? "signed out" : "no line");
    },
  });
  const tasks = createCollection(data.tasks);
  const lists = createCollection(data.lists);
  const executor = startOfflineExecutor({
    collections: { tasks, lists },
    mutationFns: { write: data.writing(NonRetriableError) },
    storage: new IndexedDBAdapter(`taskward-${session.userId}`), // nobody's writes in another's name
  });
  await executor.waitForInit();

  /** Shows at once what a change makes of the collections, and writes it as soon as there is a line. */
  function write(change: () => void): void {
    const transaction = executor.createOfflineTransaction({ mutationFnName: "write" }).mutate(change);
    transaction.isPersisted.promise.catch((error: Error) => say(error.message));
  }

  page.innerHTML = `
    <p><output>not in step yet</output> <button id="out">Sign out</button></p>
    <p role="alert"></p>
    <div></div>
    <form><input name="name" placeholder="Another list" required></form>`;
  page.querySelector<HTMLButtonElement>("#out")!.onclick = async () => {
    signOut();
    await store.clear().catch(() => {}); // it keeps nothing where it cannot be used
    location.reload();
  };
  page.querySelector("form")!.onsubmit = submitted((name) => write(() => lists.insert(newList({ name }))));
  let isLate = false;
  page.querySelector("div")!.addEventListener("focusout", () => void (isLate && setTimeout(show)));
  tasks.subscribeChanges(show);
  lists.subscribeChanges(show);
  tasks.onFirstReady(show);
  lists.onFirstReady(show);
  show();

  function show(): void {
    if (!tasks.isReady() || !lists.isReady()) return; // what is there is not known yet
    isLate = isBeingWritten(document.activeElement); // it stays, and the rest is shown when they leave the field
    if (isLate) return;
    const all = [...tasks.values()].sort(inOrder);
    const sections = [{ id: null, name: "Inbox" }, ...[...lists.values()].filter(({ id }) => id > 0).sort(inOrder)].map(({ id, name }) => {
      const own = all.filter((task) => task.list_id === id);
      const section = document.createElement("section");
      section.dataset["key"] = `list ${id}`;
      section.innerHTML = `<h2></h2><ul></ul><form><input name="title" placeholder="Another task" required></form>`;
      section.querySelector("h2")!.textContent = name;
      section.querySelector("ul")!.append(...own.map((task, index) => line(task, own[index - 2], own[index - 1])));
      const draft = page.querySelector<HTMLInputElement>(`[data-key="${section.dataset["key"]}"] > form > input`)?.value;
      section.querySelector<HTMLInputElement>("form > input")!.value = draft ?? "";
      section.querySelector("form")!.onsubmit = submitted((title) => write(() => tasks.insert(newTask({ title, list_id: id }))));
      return section;
    });
    const focused = document.activeElement?.closest("[data-key]")?.getAttribute("data-key");
    page.querySelector("div")!.replaceChildren(...sections);
    page.querySelector<HTMLInputElement>(`[data-key="${focused}"] > .title, [data-key="${focused}"] > form > input`)?.focus();
  }

  function line(task: TaskRow, before: TaskRow | undefined, above: TaskRow | undefined): HTMLLIElement {
    const key = keyOf(task);
    const item = document.createElement("li");
    item.dataset["key"] = key;
    item.className = task.version ? "" : "new";
    item.innerHTML = `<input type="checkbox"><input class="title"><button title="up">↑</button><button title="delete">×</button>`;
    const [done, title, up, gone] = item.children as unknown as [HTMLInputElement, HTMLInputElement, HTMLButtonElement, HTMLButtonElement];
    done.checked = task.status === "Done";
    done.onchange = () => write(() => tasks.update(key, (draft) => void (draft.status = done.checked ? "Done" : "Todo")));
    title.defaultValue = task.title;
    title.onchange = () => {
      title.defaultValue = title.value; // it is written
      write(() => tasks.update(key, (draft) => void (draft.title = title.value)));
    };
    up.disabled = above === undefined;
    up.onclick = () => write(() => tasks.update(key, (draft) => place(draft, before, above)));
    gone.onclick = () => write(() => tasks.delete(key));
    return item;
  }
}

/** Both have changed the same: a person decides. */
function ask({ mine, theirs, fields }: Conflict): Partial<TaskRow> {
  const of = (row: object) => fields.map((name) => `${name} ${JSON.stringify(row[name as keyof typeof row])}`).join(", ");
  return (confirm(`Somebody else has set ${of(theirs)}. Set ${of(mine)} all the same?`) ? mine : theirs) as Partial<TaskRow>;
}

function isBeingWritten(field: Element | null): boolean {
  return field instanceof HTMLInputElement && field.type === "text" && field.closest("main > div") !== null && field.value !== field.defaultValue;
}

function inOrder(one: { position: string; id: number }, other: { position: string; id: number }): number {
  return one.position < other.position ? -1 : one.position > other.position ? 1 : one.id - other.id;
}

function submitted(add: (text: string) => void): (event: SubmitEvent) => void {
  return (event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).values().next().value);
    form.reset();
    add(text);
  };
}

function state(text: string): void {
  const output = page.querySelector("output");
  if (output) output.textContent = text;
}

function say(text: string): void {
  const alert = page.querySelector("[role=alert]");
  if (alert) alert.textContent = text;
}
