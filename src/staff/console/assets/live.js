// What comes and changes while a page is open is said beside what it shows. Rows never move by themselves.
(() => {
  const body = document.body;
  if (!body.dataset.worker || !window.EventSource) return;
  const SAID_MS = 30000;
  const since = body.dataset.since ? Number(body.dataset.since) : null;
  const line = document.querySelector("[data-news]");
  const queue = document.querySelector("[data-queue]");
  const came = new Set();
  let changed = false, missed = false, heard = since;

  // A screen reader hears one sentence in half a minute at most.
  const status = document.getElementById("heard");
  let said = 0, waits = 0;
  const say = () => {
    clearTimeout(waits);
    const left = said + SAID_MS - Date.now();
    if (left > 0) { waits = setTimeout(say, left); return; }
    said = Date.now();
    status.textContent = line.textContent;
  };
  const show = () => {
    if (!line || !(came.size || changed || missed)) return;
    const text = missed ? line.dataset.missed
      : came.size === 1 ? line.dataset.one
      : came.size ? line.dataset.many.replace("{n}", came.size)
      : line.dataset.changed;
    const link = line.querySelector("a");
    if (link.textContent === text) return;
    link.textContent = text;
    line.hidden = false;
    say();
  };
  const counts = (waiting) => {
    for (const one of document.querySelectorAll("[data-count]")) one.textContent = waiting[one.dataset.count] || 0;
    for (const one of document.querySelectorAll("[data-waiting]")) {
      const all = Object.values(waiting).reduce((sum, of) => sum + of, 0);
      one.querySelector(".count").textContent = all;
      one.hidden = all === 0;
    }
  };
  // Somebody did something with an item that is shown: it stays where it is, and says so.
  const changedItem = (item) => {
    for (const node of document.querySelectorAll("[data-item]")) {
      if (node.dataset.item !== item || node.classList.contains("changed")) continue;
      node.classList.add("changed");
      if (node.tagName !== "TR") {
        // An act would be refused: what is offered now is on the new page. A note can be written all the same.
        for (const verbs of document.querySelectorAll(".act .verbs, .act .finals, .act .hand")) verbs.hidden = true;
        changed = true;
        continue;
      }
      const box = node.querySelector("input[type=checkbox]");
      if (box) { box.checked = false; box.disabled = true; }
      const tag = document.createElement("span");
      tag.className = "beside";
      tag.textContent = node.dataset.changed;
      node.lastElementChild.append(tag);
      changed = true;
    }
  };
  const hear = (news) => {
    counts(news.waiting);
    if (news.here) dispatchEvent(new CustomEvent("console-here", { detail: news.here }));
    if (since === null || (heard !== null && news.n < heard)) return;
    if (news.missed) missed = true;
    for (const [number, of, item] of news.came) {
      const shown = document.querySelector(`[data-item="${CSS.escape(item)}"]`);
      const here = queue ? of === queue.dataset.queue : line && !document.querySelector("h1[data-item]");
      if (number > since && here && !shown) came.add(item);
    }
    for (const [number, item] of news.changed) if (number > since) changedItem(item);
    heard = news.n;
    show();
  };

  if (window.SharedWorker) {
    const join = () => {
      // By account: another one's session has a worker and a stream of its own.
      const worker = new SharedWorker(body.dataset.worker, { name: body.dataset.account });
      worker.port.onmessage = ({ data }) => hear(data);
      worker.port.postMessage({ since: heard });
      addEventListener("pagehide", () => worker.port.postMessage({ bye: true }), { once: true });
    };
    join();
    addEventListener("pageshow", (event) => { if (event.persisted) join(); });
    return;
  }
  // A browser that can't share has a stream for the tab that is seen, and for no other.
  let source = null;
  const look = () => {
    if (document.visibilityState === "visible" && !source) {
      source = new EventSource(heard === null ? "/live" : `/live?after=${heard}`);
      source.onmessage = (event) => hear(JSON.parse(event.data));
    } else if (document.visibilityState !== "visible" && source) { source.close(); source = null; }
  };
  look();
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => { if (source) source.close(); source = null; });
})();
