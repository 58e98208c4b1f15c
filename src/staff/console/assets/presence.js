// Who else has this item open. The server says it, and hears of this page while it is seen.
(() => {
  const place = document.querySelector("[data-here]");
  if (!place) return;
  const BEAT_MS = 20000;
  const say = (what) => new URLSearchParams({ [what]: place.dataset.page });
  const show = (others) => place.replaceChildren(...others.map((one) => {
    const line = document.createElement("p");
    line.className = one.silent ? "here silent" : "here";
    line.textContent = one.text;
    return line;
  }));
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch(place.dataset.here, { method: "POST", body: say("page") });
      if (answer.ok) show(await answer.json());
    } catch { /* It is a hint. */ }
  };
  setInterval(ask, BEAT_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("console-here", (event) => { if (event.detail.includes(place.dataset.of)) ask(); });
  addEventListener("pagehide", () => navigator.sendBeacon(place.dataset.here, say("left")));
  addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
})();
