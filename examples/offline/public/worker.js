// The page's own files, from the network, and where that does not answer as they were kept. What is asked of others passes by.

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(fileAt(url, mode === "navigate" ? "/" : url));
});

async function fileAt(url, kept) {
  const hanging = new AbortController();
  const timer = setTimeout(() => hanging.abort(), 5000); // a line on which nothing comes is none
  try {
    return await fetch(url, { signal: hanging.signal });
  } catch (error) {
    const file = await (await caches.open("files")).match(kept);
    if (file) return file;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
