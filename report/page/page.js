// What the page gains by a script: another theme, tables that sort and filter, the section that
// is being read, and one read-out for all charts. Without it everything is there.
(() => {
  "use strict";

  // Colours follow the system until the button says otherwise.
  const button = document.getElementById("theme");
  const dark = [];
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.media && rule.media.mediaText.includes("prefers-color-scheme")) dark.push(rule.media);
    }
  }
  const system = matchMedia("(prefers-color-scheme: dark)");
  let isDark = system.matches;
  const wear = () => {
    for (const media of dark) media.mediaText = isDark ? "screen" : "not all";
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
    button.textContent = isDark ? "Light" : "Dark";
  };
  const kept = (() => { try { return localStorage.getItem("hindcast-theme"); } catch { return null; } })();
  if (kept) { isDark = kept === "dark"; }
  wear();
  system.addEventListener("change", (e) => { isDark = e.matches; wear(); });
  button.hidden = false;
  button.addEventListener("click", () => {
    isDark = !isDark;
    wear();
    try { localStorage.setItem("hindcast-theme", isDark ? "dark" : "light"); } catch { /* a file may not keep it */ }
  });

  // Tables sort by a click on a head: numbers as numbers, what has none last.
  const valueOf = (row, at) => {
    const cell = row.cells[at];
    if (!cell) return "";
    return cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent.trim();
  };
  const sort = (table, at, up) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, value: valueOf(row, at) }));
    const numbers = rows.every(({ value }) => value === "" || value === "-" || !Number.isNaN(Number(value)));
    rows.sort((a, b) => {
      if (numbers) {
        const [x, y] = [a.value, b.value].map((v) => (v === "" || v === "-" ? NaN : Number(v)));
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return up ? x - y : y - x;
      }
      return (up ? 1 : -1) * a.value.localeCompare(b.value, undefined, { numeric: true });
    });
    body.append(...rows.map(({ row }) => row));
  };
  for (const table of document.querySelectorAll("table.rows")) {
    if (table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      if (!head.textContent.trim()) return;
      const press = document.createElement("button");
      press.type = "button";
      press.append(...head.childNodes);
      head.append(press);
      press.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(table, at, up);
      });
    });
  }

  // A field above a long table leaves the rows whose names hold its text.
  for (const label of document.querySelectorAll("label.filter")) {
    const rows = [...label.parentElement.querySelectorAll("tbody tr")];
    label.hidden = false;
    label.querySelector("input").addEventListener("input", (e) => {
      const text = e.target.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(text);
    });
  }

  // The section that is being read stands out in the contents.
  const links = new Map();
  for (const a of document.querySelectorAll(".contents a")) links.set(a.hash.slice(1), a);
  const parts = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const follow = () => {
    let here = parts[0];
    for (const part of parts) if (part.getBoundingClientRect().top < innerHeight / 3) here = part;
    for (const [id, a] of links) {
      a.classList.toggle("here", here && id === here.id);
      if (here && id === here.id) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; follow(); });
  }, { passive: true });
  if (parts.length) follow();

  // What a datum's title says shows at once.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  document.body.append(tip);
  const titles = new WeakMap();
  const titleOf = (target) => {
    const datum = target.closest && target.closest(".chart *");
    for (let at = datum; at && !at.matches("svg"); at = at.parentElement) {
      if (titles.has(at)) return titles.get(at);
      const title = [...at.children].find((child) => child.tagName.toLowerCase() === "title");
      if (title) {
        titles.set(at, title.textContent);
        title.remove(); // or the browser would show it a second time
        at.setAttribute("aria-label", titles.get(at));
        return titles.get(at);
      }
    }
    return null;
  };
  document.addEventListener("pointermove", (e) => {
    const text = titleOf(e.target);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(e.clientX + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (e.clientY + 18 + box.height > innerHeight ? e.clientY - box.height - 12 : e.clientY + 18) + "px";
  });
})();
