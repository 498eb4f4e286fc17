/* The queue: choosing rows, keys, all clocks of an incident, a search that narrows while one types, and
   news that never move the row under the cursor. The page works without it. */

const language = document.documentElement.lang || "en";
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const serverTime = document.querySelector('meta[name="server-time"]');
const skewMs = serverTime ? Date.parse(serverTime.content) - Date.now() : 0;
const now = () => Date.now() + (Number.isFinite(skewMs) ? skewMs : 0);

const list = () => document.getElementById("queue");
const rows = () => [...list().querySelectorAll("tr[data-reference]")];
const titleOf = (row) => row.querySelector(".queue-title");
const checkOf = (row) => row.querySelector(".queue-check");
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

const isWriting = (target) =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");

function announce(text) {
  const region = document.getElementById("announce");
  if (region && text) region.textContent = text;
}

// ---- Choosing rows -------------------------------------------------------------------------------

const chosen = new Set();
let lastChosen;

document.addEventListener("click", (event) => {
  const check = event.target.closest?.(".queue-check");
  if (check) choose(check.closest("tr"), check.checked, event.shiftKey);
});

document.addEventListener("change", (event) => {
  if (!event.target.matches(".queue-check-all")) return;
  rows().forEach((row) => choose(row, event.target.checked));
});

function choose(row, wanted, reachesBack = false) {
  const all = rows();
  const from = reachesBack ? all.findIndex((each) => each.dataset.reference === lastChosen) : -1;
  const ends = [from < 0 ? all.indexOf(row) : from, all.indexOf(row)].sort((a, b) => a - b);
  for (const each of all.slice(ends[0], ends[1] + 1)) {
    chosen[wanted ? "add" : "delete"](each.dataset.reference);
  }
  lastChosen = row.dataset.reference;
  paintChosen();
}

function paintChosen() {
  const all = rows();
  const listed = new Set(all.map((row) => row.dataset.reference));
  for (const reference of chosen) if (!listed.has(reference)) chosen.delete(reference);
  for (const row of all) checkOf(row).checked = chosen.has(row.dataset.reference);
  const checkAll = list().querySelector(".queue-check-all");
  if (checkAll) {
    checkAll.checked = all.length > 0 && chosen.size === all.length;
    checkAll.indeterminate = chosen.size > 0 && !checkAll.checked;
  }
  const count = document.querySelector(".queue-bulk-count");
  count.hidden = document.getElementById("queue-bulk-clear").hidden = chosen.size === 0;
  count.querySelector("b").textContent = chosen.size || "";
}

document.getElementById("queue-bulk-clear").addEventListener("click", () => {
  chosen.clear();
  paintChosen();
  const first = rows()[0];
  if (first) titleOf(first).focus();
});

document.getElementById("bulk").addEventListener("submit", (event) => {
  event.target.elements.back.value = location.search;
});

// ---- Keys ----------------------------------------------------------------------------------------

const LEADS_TO = { r: "?act=reply", n: "?act=note", a: "assignment/", e: "escalations/" };
const help = document.getElementById("queue-keys");

const rowOf = (element) => element?.closest?.("tr[data-reference]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
  if (document.querySelector("dialog[open], .menu:popover-open")) return;
  if (press(event.key, event.shiftKey)) event.preventDefault();
});

function press(key, withShift) {
  const row = rowOf(document.activeElement);
  if (key === "j" || key === "k") return move(row, key === "j" ? 1 : -1);
  if (key === "?") return help.showModal() ?? true;
  if (key === ".") return showWaiting();
  if (!row) return false;
  if (key.toLowerCase() === "x") return choose(row, !checkOf(row).checked, withShift) ?? true;
  if (LEADS_TO[key]) {
    remember(row);
    location.assign(new URL(LEADS_TO[key], titleOf(row).href));
    return true;
  }
  return false;
}

function move(row, step) {
  const all = rows();
  const next = row ? all[all.indexOf(row) + step] : all[0];
  if (!next) return false;
  titleOf(next).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-keys]")) help.showModal();
});

// ---- Who comes back is where they were -------------------------------------------------------------

const LAST_OPENED = "queue-last-opened";

const remember = (row) => sessionStorage.setItem(LAST_OPENED, row.dataset.reference);

document.addEventListener("click", (event) => {
  if (event.target.closest?.(".queue-title, .queue-clock-link")) remember(rowOf(event.target));
});

window.addEventListener("pageshow", (event) => {
  const [navigation] = performance.getEntriesByType("navigation");
  if (!event.persisted && navigation?.type !== "back_forward") return;
  const row = rows().find((each) => each.dataset.reference === sessionStorage.getItem(LAST_OPENED));
  if (!row) return;
  titleOf(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
});

// ---- The last act, which can be undone: a notice that can be put away -------------------------------

const undo = document.getElementById("queue-undo");
const PUT_AWAY = "queue-undo-put-away";

if (undo?.dataset.act === sessionStorage.getItem(PUT_AWAY)) undo?.remove();

undo?.querySelector("[data-queue-undo-close]").addEventListener("click", () => {
  sessionStorage.setItem(PUT_AWAY, undo.dataset.act);
  undo.remove();
  const first = rows()[0];
  if (first) titleOf(first).focus();
});

// ---- All clocks of one incident ------------------------------------------------------------------

const card = document.getElementById("queue-clocks");
const SHOW_AFTER_MS = 300, HIDE_AFTER_MS = 200;
const GAP = 6;
let cardTimer, cardOf;

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const link = event.target.closest?.("[data-clocks]");
  if (link && link !== cardOf) later(() => showClocks(link), SHOW_AFTER_MS);
  else if (link || card.contains(event.target)) clearTimeout(cardTimer);
  else if (cardOf && cardOf !== document.activeElement) later(hideClocks, HIDE_AFTER_MS);
  else if (!cardOf) clearTimeout(cardTimer);
});

document.addEventListener("focusin", (event) => {
  const link = event.target.closest?.("[data-clocks]");
  if (link?.matches(":focus-visible")) showClocks(link);
  else if (cardOf) hideClocks();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && cardOf) hideClocks();
});

document.addEventListener("scroll", () => cardOf && hideClocks(), { passive: true });

function later(act, afterMs) {
  clearTimeout(cardTimer);
  cardTimer = setTimeout(act, afterMs);
}

async function showClocks(link) {
  hideClocks();
  cardOf = link;
  let html;
  try {
    const answer = await fetch(link.dataset.clocks, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (answer.status !== 200) throw new Error(String(answer.status));
    html = await answer.text();
  } catch {
    if (cardOf === link) cardOf = undefined; // the link itself still leads to the explanation
    return;
  }
  if (cardOf !== link || !link.isConnected) return;
  htmx.swap(card, html, { swapStyle: "innerHTML" });
  card.showPopover();
  link.setAttribute("aria-describedby", card.id);
  place(card, link.getBoundingClientRect());
}

function place(element, beside) {
  const below = beside.bottom + GAP + element.offsetHeight < innerHeight;
  const top = below ? beside.bottom + GAP : Math.max(GAP, beside.top - GAP - element.offsetHeight);
  element.style.setProperty("top", `${top}px`);
  element.style.setProperty("left", `${Math.max(GAP, Math.min(beside.left, innerWidth - element.offsetWidth - GAP))}px`);
}

function hideClocks() {
  clearTimeout(cardTimer);
  cardOf?.removeAttribute("aria-describedby");
  cardOf = undefined;
  if (card.matches(":popover-open")) card.hidePopover();
}

// ---- Search as one types -------------------------------------------------------------------------

const search = document.querySelector("[data-search]");
const TYPING_PAUSE_MS = 250;
const WHOLE_REFERENCE = /^INC-\d{4}-\d{6,12}$/i;
let typing, asking;

search?.addEventListener("input", (event) => {
  clearTimeout(typing);
  if (!event.isComposing) typing = setTimeout(narrow, TYPING_PAUSE_MS);
});
search?.addEventListener("compositionend", () => { typing = setTimeout(narrow, TYPING_PAUSE_MS); });

search?.form.addEventListener("submit", (event) => {
  if (WHOLE_REFERENCE.test(search.value.trim())) return;
  event.preventDefault();
  clearTimeout(typing);
  narrow();
});

async function narrow() {
  const query = new URLSearchParams(location.search);
  const text = search.value.trim();
  query.delete("page");
  if (text) query.set("q", text);
  else query.delete("q");
  asking?.abort();
  asking = new AbortController();
  const url = new URL(list().dataset.poll, location.href);
  url.search = query;
  url.searchParams.set("typed", "1");
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, redirect: "error", signal: asking.signal });
    if (answer.status !== 200) throw new Error(String(answer.status));
    const html = await answer.text();
    history.replaceState(history.state, "", query.size ? `?${query}` : location.pathname);
    waiting = undefined;
    htmx.swap(list(), html, { swapStyle: "outerHTML" });
  } catch (error) {
    if (error.name !== "AbortError") search.form.submit(); // as without this script; it says what is wrong
  }
}

// ---- News that never move the row under the cursor -------------------------------------------------

let waiting;
let cameWhileHidden = 0;
let plainTitle = document.title;

document.addEventListener("msa:fresh", (event) => {
  if (event.target.id !== "queue") return;
  const page = parsed(event.detail.html);
  const fresh = page.getElementById("queue");
  tell(fresh, page.title);
  if (!isLookedAt()) {
    waiting = undefined;
    setTimeout(paintTitle); // after the swap, which writes the plain one
    return;
  }
  event.preventDefault();
  waiting = event.detail.html;
  refresh(list(), fresh);
  document.getElementById("queue-views")?.replaceChildren(...page.getElementById("queue-views").childNodes);
  announce(page.getElementById("announce")?.textContent);
});

const isLookedAt = () => {
  const body = list().querySelector(".queue tbody");
  return Boolean(body) && (body.matches(":hover") || body.contains(document.activeElement));
};

/* As soon as neither pointer nor focus is in the list, it is shown as it is by then. */
for (const moved of ["pointerover", "focusin"]) {
  document.addEventListener(moved, (event) => {
    if (waiting && !isLookedAt() && !event.target.closest?.("#queue-news")) showWaiting();
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#queue-news")) showWaiting();
});

function showWaiting() {
  if (!waiting) return false;
  const html = waiting;
  waiting = undefined;
  htmx.swap(list(), html, { swapStyle: "outerHTML" });
  setTimeout(paintTitle);
  return true;
}

/** Bring what is shown up to date without moving a row: gone ones are marked, new ones wait. */
function refresh(shown, fresh) {
  for (const name of ["version", "overdue"]) shown.dataset[name] = fresh.dataset[name];
  shown.querySelector("#kpis").replaceChildren(...fresh.querySelector("#kpis").childNodes);
  const tabs = shown.querySelector(".tabs");
  if (!tabs.contains(document.activeElement)) tabs.replaceChildren(...fresh.querySelector(".tabs").childNodes);
  const coming = new Map([...fresh.querySelectorAll("tr[data-reference]")].map((row) => [row.dataset.reference, row]));
  const moved = moves(rows().map((row) => row.dataset.reference), [...coming.keys()]);
  for (const row of rows()) {
    const change = coming.get(row.dataset.reference);
    coming.delete(row.dataset.reference);
    markGone(row, !change, shown.dataset.textGone);
    if (change) refreshRow(row, change);
  }
  const button = shown.querySelector("#queue-news");
  button.hidden = coming.size + moved === 0;
  for (const [what, count] of [["new", coming.size], ["moved", moved]]) {
    const part = button.querySelector(`[data-${what}]`);
    part.hidden = count === 0;
    part.querySelector("b").textContent = count || "";
  }
}

/** Count the fewest rows that have to move for what is in both lists to stand in the new order. */
function moves(shown, fresh) {
  const places = new Map(fresh.map((reference, place) => [reference, place]));
  const kept = shown.filter((reference) => places.has(reference)).map((reference) => places.get(reference));
  const lengths = []; // of the longest run in order that ends with each row
  for (const [row, place] of kept.entries()) {
    lengths.push(1 + Math.max(0, ...lengths.filter((_length, before) => before < row && kept[before] < place)));
  }
  return kept.length - Math.max(0, ...lengths);
}

function refreshRow(row, change) {
  const severity = row.querySelector(".severity"), severityNow = change.querySelector(".severity");
  if (severity.outerHTML !== severityNow.outerHTML) severity.replaceWith(severityNow);
  [...row.cells].forEach((cell, place) => {
    const cellNow = change.cells[place];
    const stays = place === 0 || cell.contains(document.activeElement) || cell.contains(cardOf);
    if (cellNow && !stays && cell.innerHTML !== cellNow.innerHTML) cell.replaceChildren(...cellNow.childNodes);
  });
}

function markGone(row, isGone, text) {
  row.classList.toggle("is-gone", isGone);
  row.querySelector(".queue-gone")?.remove();
  if (!isGone) return;
  const mark = document.createElement("span");
  mark.className = "queue-gone";
  mark.textContent = text;
  row.querySelector(".queue-incident .facts").append(mark);
}

/** Count and sound what came in; the words are announced with the list itself. */
function tell(fresh, title) {
  plainTitle = title;
  if (document.hidden) cameWhileHidden += Number(fresh.dataset.arrived);
  if (Number(fresh.dataset.critical) && fresh.dataset.sound !== undefined) ring();
  paintTitle();
}

function paintTitle() {
  document.title = cameWhileHidden ? `+${cameWhileHidden} ${plainTitle}` : plainTitle;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  cameWhileHidden = 0;
  paintTitle();
});

// ---- Severity 1 is heard by who wants it -----------------------------------------------------------

const TONES_HZ = [880, 660, 880];
const TONE_S = 0.18, LOUDNESS = 0.15;
let sound;

/* Browsers let a page sound only after somebody has touched it. */
for (const touched of ["pointerdown", "keydown"]) {
  document.addEventListener(touched, () => {
    if (list().dataset.sound !== undefined) sound ??= new AudioContext();
    sound?.resume();
  });
}

function ring() {
  if (sound?.state !== "running") return;
  TONES_HZ.forEach((frequency, place) => {
    const tone = sound.createOscillator(), volume = sound.createGain();
    const from = sound.currentTime + place * TONE_S;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(LOUDNESS, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + TONE_S);
    tone.connect(volume).connect(sound.destination);
    tone.start(from);
    tone.stop(from + TONE_S);
  });
}

// ---- How long ago, told anew as time passes ---------------------------------------------------------

const ago = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const AGES_MS = 15 * SECOND;
const TOLD_AS_DAY_AFTER = 30 * DAY;

setInterval(paintAges, AGES_MS);

function paintAges() {
  for (const time of list().querySelectorAll("[data-age] time")) {
    const passed = now() - Date.parse(time.dateTime);
    if (passed < MINUTE || passed >= TOLD_AS_DAY_AFTER) continue;
    const [unit, size] = passed < HOUR ? ["minute", MINUTE] : passed < DAY ? ["hour", HOUR] : ["day", DAY];
    const text = ago.format(-Math.floor(passed / size), unit);
    if (time.textContent !== text) time.textContent = text;
  }
}

// ---- Start, and again for what htmx brings ----------------------------------------------------------

for (const check of list().querySelectorAll(".queue-check:checked")) chosen.add(check.value);
paintChosen();
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "queue") paintChosen();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) paintChosen();
});
