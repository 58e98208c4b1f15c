// A session ends after some idle time. Before it does, somebody is asked whether they are still there.
(() => {
  const body = document.body;
  const dialog = document.getElementById("ending");
  if (!dialog || !body.dataset.ends) return;
  const WARNED_MS = 120000;
  const LOOK_MS = 1000;
  const SHARED = "session ends";
  const shared = { get: () => { try { return JSON.parse(localStorage.getItem(SHARED)); } catch { return null; } }, set: (it) => { try { localStorage.setItem(SHARED, JSON.stringify(it)); } catch { /* This tab alone, then. */ } } };
  const account = body.dataset.account;
  let ends = 0, atLast = 0, dismissed = 0;
  const heard = (seconds, last) => {
    ends = Date.now() + Number(seconds) * 1000;
    atLast = Date.now() + Number(last) * 1000;
    shared.set({ account, ends, atLast });
  };
  heard(body.dataset.ends, body.dataset.endsAtLast);
  const warnedFor = Math.min(WARNED_MS, Number(body.dataset.ends) * 500);
  const text = document.getElementById("ending-text");
  const stay = dialog.querySelector("[data-stay]");
  const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const look = () => {
    // Another tab of the same session was used meanwhile.
    const other = shared.get();
    if (other && other.account === account && other.ends > ends) ({ ends, atLast } = other);
    const left = ends - Date.now();
    if (left <= 0) {
      dispatchEvent(new Event("console-ends"));
      const here = location.pathname.replace(/\/(take|bulk|preferences|password|sessions|off)$/, "") + location.search;
      location.replace(`/sign-in?next=${encodeURIComponent(here || "/")}`);
      clearInterval(looking);
      return;
    }
    if (left > warnedFor) { if (dialog.open) dialog.close(); return; }
    if (dialog.open || dismissed === ends) return;
    const last = atLast - ends < 1000;
    text.textContent = (last ? text.dataset.atLast : text.dataset.soon).replace("{when}", clock(ends));
    stay.hidden = last;
    dialog.showModal();
    (last ? dialog.querySelector("[data-close]") : stay).focus();
  };
  stay.addEventListener("click", async () => {
    try {
      const answer = await fetch("/account/stay", { method: "POST" });
      if (!answer.ok) throw new Error();
      const left = await answer.json();
      heard(left.ends, left.ends_at_last);
      dialog.close();
    } catch { dialog.close(); dismissed = ends; }
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  // Closed without staying: not asked again, but for another end.
  dialog.addEventListener("close", () => { if (ends - Date.now() <= warnedFor) dismissed = ends; });
  const looking = setInterval(look, LOOK_MS);
})();
