// The console works without this script. It keeps what is typed and not yet safe with the server, warns before a
// session ends, says what is new, and adds single keys.
"use strict";
(() => {
  const body = document.body;
  const PREFIX = "draft ";
  const KEPT_MS = 24 * 60 * 60 * 1000;
  // A browser may forbid it.
  let kept = null;
  try { kept = window.localStorage; kept.getItem(PREFIX); } catch { return; }
  const account = body.dataset.account;
  const read = (key) => { try { return JSON.parse(kept.getItem(key)); } catch { return null; } };
  const all = () => Object.keys(kept).filter((key) => key.startsWith(PREFIX));
  const drop = (test) => { for (const key of all()) { const draft = read(key); if (!draft || test(draft)) kept.removeItem(key); } };

  // Nothing of somebody's stays when they sign out, when another one signs in, or for more than a day.
  if ("forget" in body.dataset) { drop(() => true); kept.removeItem("session ends"); }
  drop((draft) => Date.now() - draft.at > KEPT_MS || (account && draft.account !== account));
  for (const form of document.querySelectorAll("form[action='/sign-out']")) form.addEventListener("submit", () => { changed = false; drop(() => true); });

  // The server says by name which draft it has carried out.
  const safe = /(?:^|; )kept=([0-9a-f]+)/.exec(document.cookie);
  if (safe) { drop((draft) => draft.sent === safe[1]); document.cookie = "kept=; path=/; max-age=0"; }

  let changed = false;
  const fieldsOf = (form) => [...form.elements].filter((one) => one.name && !/^(hidden|password|submit|button|file|reset)$/.test(one.type));
  const valuesOf = (form) => fieldsOf(form).filter((one) => !/^(radio|checkbox)$/.test(one.type) || one.checked).map((one) => [one.name, one.value]);
  const keyOf = (form) => {
    const parts = ["of", "kind"].map((name) => form.elements[name]).filter((one) => one && one.type === "hidden").map((one) => one.value);
    return [PREFIX + account, form.action.split("?")[0], ...parts].join(" ");
  };
  const fill = (form, values) => {
    const left = values.map((one) => [...one]);
    for (const one of fieldsOf(form)) {
      const at = left.findIndex(([name, value]) => name === one.name && (!/^(radio|checkbox)$/.test(one.type) || value === one.value));
      if (/^(radio|checkbox)$/.test(one.type)) one.checked = at >= 0;
      else if (at >= 0) one.value = left[at][1];
      if (at >= 0 && one.type !== "radio") left.splice(at, 1);
    }
  };
  const refused = document.querySelector(".faults") !== null;
  for (const form of account ? document.querySelectorAll("form[data-unsaved]") : []) {
    const key = keyOf(form);
    const made = valuesOf(form);
    const save = (sent) => {
      const values = valuesOf(form);
      if (JSON.stringify(values) === JSON.stringify(made) && !refused) { kept.removeItem(key); return false; }
      try { kept.setItem(key, JSON.stringify({ account, at: Date.now(), values, sent })); } catch { /* It is full: the page asks before it is left. */ }
      return true;
    };
    const draft = read(key);
    // A page that refuses shows itself what was typed.
    if (refused) save(null);
    else if (draft && JSON.stringify(draft.values) !== JSON.stringify(made)) {
      fill(form, draft.values);
      const back = document.getElementById("draft-back").content.cloneNode(true).firstElementChild;
      const when = new Date(draft.at).toLocaleString(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit" });
      const text = back.querySelector("[data-text]");
      text.textContent = text.dataset.text.replace("{when}", when);
      back.querySelector("button").addEventListener("click", () => { kept.removeItem(key); fill(form, made); form.dispatchEvent(new Event("input")); changed = false; back.remove(); });
      form.prepend(back);
    }
    form.addEventListener("input", () => { changed = save(null); });
    form.addEventListener("submit", () => {
      changed = false;
      const name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      if (save(name)) form.action = `${form.action.split("?")[0]}?draft=${name}`;
    });
  }
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  addEventListener("console-ends", () => { changed = false; });
})();
