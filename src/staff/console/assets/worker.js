// One stream for every tab of this browser: a browser opens six connections to a host by HTTP/1.1, and eight
// tabs with a stream each would have none left for pages. Ids and counts alone come by it.
"use strict";
const MEMORY = 500;
const AGAIN_MS = 60000;
const LAST_GONE_MS = 3000;
const tabs = new Set();
let source = null;
// The number up to which everything was heard, and from which on it is remembered.
let heard = null;
let begins = null;
let log = [];
let timer = 0;

const open = (after) => {
  source = new EventSource(after === null ? "/live" : `/live?after=${after}`);
  source.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (begins === null || news.missed) { begins = after === null || news.missed ? news.n : after; log = []; }
    heard = news.n;
    log.push(news);
    while (log.length > MEMORY) begins = log.shift().n;
    for (const tab of tabs) tab.postMessage(news);
  };
  source.onerror = () => {
    // What broke off is opened again by the browser itself; what was refused is tried later.
    if (source && source.readyState === EventSource.CLOSED) { shut(); timer = setTimeout(again, AGAIN_MS); }
  };
};
const shut = () => { clearTimeout(timer); if (source) source.close(); source = null; };
const again = () => { if (tabs.size && !source) open(heard); };

onconnect = (connected) => {
  const tab = connected.ports[0];
  tab.onmessage = ({ data }) => {
    if (data.bye) {
      tabs.delete(tab);
      // The next page of the same tab is on its way, as a rule.
      setTimeout(() => { if (!tabs.size) shut(); }, LAST_GONE_MS);
      return;
    }
    tabs.add(tab);
    if (!source) { clearTimeout(timer); open(heard === null ? data.since : heard); }
    if (begins === null) return;
    if (data.since !== null && data.since < begins) tab.postMessage({ ...log[log.length - 1], came: [], changed: [], missed: true });
    else for (const news of log) if (news.n > data.since || news === log[log.length - 1]) tab.postMessage(news);
  };
};
