// Single keys, and where a page is read from.
(() => {
  const body = document.body;
  const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));

  // A page that says what was wrong is read from there.
  const faults = document.querySelector(".faults");
  if (faults) { faults.tabIndex = -1; faults.focus(); }

  // Back by the browser's own button is back on the row that led away.
  const rows = [...document.querySelectorAll(".row-link")];
  for (const one of rows) one.addEventListener("click", () => history.replaceState({ row: one.getAttribute("href") }, ""));
  const left = history.state && rows.find((one) => one.getAttribute("href") === history.state.row);
  if (left && !faults) left.focus();

  // After going back to a list, Take the next should take another item, so its form needs a new key.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const one of document.querySelectorAll("form[action$='/take'] input[name=press]")) one.value = key;
  });

  if (body.dataset.keys !== "on") return;
  const links = () => [...document.querySelectorAll("tbody .row-link")];
  const at = () => links().findIndex((one) => one.closest("tr").contains(document.activeElement));
  const step = (by) => {
    const all = links();
    if (!all.length) return;
    const from = at();
    const to = from < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, from + by));
    all[to].focus();
  };
  const keyed = (key) => document.querySelector(`[data-key="${key}"]`);
  let before = "";
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(event.target)) return;
    const key = event.key;
    const pair = before + key;
    before = key === "g" ? "g" : "";
    if (pair === "gq") { location.assign("/queues"); return; }
    const row = document.activeElement && document.activeElement.closest("tr");
    let done = true;
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "o" && row && row.querySelector(".row-link")) row.querySelector(".row-link").click();
    else if (key === "x" && row && row.querySelector("input[type=checkbox]")) row.querySelector("input[type=checkbox]").click();
    else if (key === "/") { const find = document.getElementById("find"); if (find) find.focus(); }
    else if (key === "?") location.assign("/help#keys");
    else if (/^[ncoru]$/.test(key) && keyed(key)) {
      const node = keyed(key);
      if (node.tagName === "TEXTAREA") node.focus(); else node.click();
    } else done = false;
    if (done) event.preventDefault();
  });
})();
