// What the page consists of is kept, so that it opens without a line: public/worker.js answers with it then.

/** All of its files together, in place of those of an earlier release. Without a line those stay. */
export async function keepFiles(): Promise<void> {
  await navigator.serviceWorker.register("/worker.js");
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const files = [`${location.origin}/`, ...new Set(loaded.filter((name) => name.startsWith(`${location.origin}/`)))];
  const kept = await caches.open("files");
  await kept.addAll(files);
  for (const { url } of await kept.keys()) if (!files.includes(url)) await kept.delete(url);
}
