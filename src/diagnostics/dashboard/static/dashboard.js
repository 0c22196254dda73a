// Live pages: listens for changes, fetches the part of the page that changes, says aloud what changed, and says when it is cut off.
"use strict";
(() => {
  const root = document.body.dataset.root || "";
  const main = document.getElementById("main");
  const stale = document.getElementById("stale");
  const staleAge = document.getElementById("stale-age");
  const announcer = document.getElementById("announcer");
  const SILENCE = 40; // seconds; the server says something every 15
  let heard = Date.now();
  let said = "";
  let busy = false;
  let again = false;

  const typing = () => main.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);

  // A person who fills in a form or reads a selection is not disturbed.
  const disturbs = () => typing() || String(window.getSelection() || "") !== "";

  async function refresh() {
    if (busy) { again = true; return; }
    if (disturbs()) { again = true; return; }
    busy = true;
    again = false;
    try {
      const response = await fetch(window.location.href, { headers: { "X-Part": "main" }, credentials: "same-origin" });
      if (response.status === 401 || response.redirected) { window.location.reload(); return; }
      if (response.ok && !disturbs()) {
        const focused = document.activeElement && main.contains(document.activeElement) ? key(document.activeElement) : null;
        const opened = [...main.querySelectorAll("details")].map((one) => one.open);
        const text = await response.text();
        const parsed = new DOMParser().parseFromString(text, "text/html");
        main.replaceChildren(...parsed.body.childNodes);
        main.querySelectorAll("details").forEach((one, i) => { one.open = opened[i] || false; });
        if (focused) { const same = [...main.querySelectorAll("a, button")].find((one) => key(one) === focused); if (same) same.focus(); }
      } else { again = true; }
    } catch { /* the stale banner tells */ } finally { busy = false; }
  }

  const key = (element) => element.tagName + "|" + (element.getAttribute("href") || element.getAttribute("aria-label") || element.textContent);

  function announce(data) {
    const word = announcer.dataset["health" + data.overall.charAt(0).toUpperCase() + data.overall.slice(1)] || data.overall;
    const text = announcer.dataset.wordOverall + ": " + word + ". " + announcer.dataset.wordAlerts + ": " + data.alerts;
    if (said && said !== text) announcer.textContent = text;
    said = text;
  }

  const source = new EventSource(root + "/events");
  source.addEventListener("open", () => { heard = Date.now(); });
  source.addEventListener("changed", (event) => {
    heard = Date.now();
    announce(JSON.parse(event.data));
    refresh();
  });
  // Comments of the stream are not shown to scripts: while it is open, the server is there.
  setInterval(() => {
    if (source.readyState === EventSource.OPEN) heard = Date.now();
    const silent = Math.round((Date.now() - heard) / 1000);
    stale.hidden = silent < (source.readyState === EventSource.OPEN ? SILENCE : 5);
    staleAge.textContent = String(silent);
    if (again && !busy) refresh();
  }, 1000);
})();
