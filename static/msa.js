/* The product's script. Every page works without it; it adds clocks that count, drafts that survive,
   lists that stay fresh, and keys. It holds no text of its own: words come from data attributes,
   translated by the server. It sets no inline style, so that the content policy holds. */

const root = document.documentElement;
const language = root.lang || "en";

// ---- Time, as the server has it -------------------------------------------------------------

const serverTime = document.querySelector('meta[name="server-time"]');
const skewMs = serverTime ? Date.parse(serverTime.content) - Date.now() : 0;
const now = () => Date.now() + (Number.isFinite(skewMs) ? skewMs : 0);

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const twoDigits = (n) => String(n).padStart(2, "0");

/** Write a span: minutes and seconds below an hour, else the two largest units in the page's language. */
function writeSpan(spanMs) {
  const days = Math.floor(spanMs / DAY), hours = Math.floor(spanMs / HOUR) % 24;
  const minutes = Math.floor(spanMs / MINUTE) % 60, seconds = Math.floor(spanMs / SECOND) % 60;
  if (spanMs < HOUR) return `${twoDigits(minutes)}:${twoDigits(seconds)}`;
  return writeUnits(days ? { days, hours } : { hours, minutes });
}

function writeUnits(units) {
  if (Intl.DurationFormat) return new Intl.DurationFormat(language, { style: "narrow" }).format(units);
  return Object.entries(units)
    .map(([unit, amount]) =>
      new Intl.NumberFormat(language, { style: "unit", unit: unit.slice(0, -1), unitDisplay: "narrow" }).format(amount))
    .join(" ");
}

const timeZone = root.dataset.timezone || undefined; // the person's, as the server writes times

const timeOfDay = () => new Date(now()).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });

// ---- Telling people who do not see the screen ------------------------------------------------

function announce(text) {
  const region = document.getElementById("announce");
  if (region && text) region.textContent = text;
}

// ---- Response clocks: one timer for all of them -----------------------------------------------

const runningClocks = new Set();
let clockTimer;

const paintClocks = () => runningClocks.forEach((clock) => clock.paint());

class SlaClock extends HTMLElement {
  static states = ["is-waiting", "is-ok", "is-warn", "is-breached"];

  connectedCallback() {
    if (!this.dataset.dueAt) return; // met, late or ended: nothing to count
    this.startsAt = Date.parse(this.dataset.startsAt);
    this.dueAt = Date.parse(this.dataset.dueAt);
    const warnings = (this.dataset.warnAt || "").split(" ").filter(Boolean).map(Date.parse);
    this.warnAt = warnings.length ? warnings.at(-1) : this.dueAt - (this.dueAt - this.startsAt) / 5;
    this.digits = this.querySelector(".clock-digits");
    this.bar = this.querySelector(".clock-bar rect");
    runningClocks.add(this);
    clockTimer ??= setInterval(paintClocks, SECOND);
    this.paint();
  }

  disconnectedCallback() {
    runningClocks.delete(this);
  }

  paint() {
    const at = now();
    if (this.classList.contains("is-waiting") && at < this.startsAt) return;
    const left = this.dueAt - at;
    const text = (left < 0 ? "−" : "") + writeSpan(Math.abs(left));
    if (this.digits.textContent !== text) this.digits.textContent = text;
    this.digits.hidden = false;
    const share = Math.min(100, Math.max(0, (100 * (at - this.startsAt)) / (this.dueAt - this.startsAt)));
    this.bar.setAttribute("width", left < 0 ? "100" : share.toFixed(1));
    this.show(left < 0 ? "is-breached" : at >= this.warnAt ? "is-warn" : "is-ok");
  }

  show(state) {
    if (this.shown && this.shown !== state) {
      if (state === "is-warn") announce(this.dataset.announceWarn);
      if (state === "is-breached") announce(this.dataset.announceBreached);
    }
    if (this.shown !== state) {
      this.classList.remove(...SlaClock.states);
      this.classList.add(state);
      this.shown = state;
    }
  }
}

customElements.define("sla-clock", SlaClock);

// ---- Theme --------------------------------------------------------------------------------------

const YEAR_SECONDS = 365 * 24 * 3600;

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-form]")) return;
  event.preventDefault();
  const theme = event.submitter.value;
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${theme};path=/;max-age=${YEAR_SECONDS};samesite=lax${secure}`;
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
});

// ---- Keys -----------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isWriting(event.target)) {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    const form = event.target.closest("form[data-composer]");
    if (form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector('button[type="submit"]'));
    }
  }
});

const isWriting = (target) => target.isContentEditable || target.matches("input, textarea, select");

// ---- Sending once ---------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented && !isHtmxForm(form)) return;
  if (form.method !== "post" || form.matches("[data-theme-form], [data-repeatable]")) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "";
  markSending(form, event.submitter);
}, true);

const isHtmxForm = (form) =>
  form.matches('[hx-post], [hx-put], [hx-patch], [hx-delete], [hx-boost="true"] form');

const RESEND_MS = 10 * SECOND; // an answer that leaves the page standing (a download) frees the form again

/* aria-disabled and not disabled: the focus stays, and the button's own value is still sent. */
function markSending(form, submitter) {
  for (const button of form.querySelectorAll('button[type="submit"], input[type="submit"]')) {
    button.setAttribute("aria-disabled", "true");
  }
  submitter?.classList.add("is-busy");
  setTimeout(() => allowSending(form), RESEND_MS);
}

function allowSending(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('[aria-disabled="true"]')) {
    button.removeAttribute("aria-disabled");
    button.classList.remove("is-busy");
  }
}

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-sent]");
  if (form) allowSending(form);
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(allowSending);
});

// ---- Drafts: typed text survives a reload, a crash and a lost connection -----------------------------

const DRAFT_PREFIX = "draft:";
const DRAFT_LIFE_MS = 30 * DAY; // as long as a question may wait for its answer
const SENT_MARK = "drafts-sent";
const TYPING_PAUSE_MS = 300;

const draftFields = (within = document) => within.querySelectorAll("textarea[data-draft-key]");
const unsaved = new Set();
const pauses = new WeakMap();

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches("textarea[data-draft-key]")) return;
  unsaved.add(field);
  clearTimeout(pauses.get(field));
  pauses.set(field, setTimeout(() => keepDraft(field), TYPING_PAUSE_MS));
});

function keepDraft(field) {
  const key = DRAFT_PREFIX + field.dataset.draftKey;
  try {
    if (field.value.trim()) localStorage.setItem(key, JSON.stringify({ text: field.value, at: now() }));
    else localStorage.removeItem(key);
    unsaved.delete(field);
  } catch {
    unsaved.add(field); // no room: the page asks before it is left
  }
}

function readDraft(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    if (draft && now() - draft.at < DRAFT_LIFE_MS) return draft;
  } catch { /* unreadable: as good as none, and removed below */ }
  localStorage.removeItem(key);
  return null;
}

/* A field that the server filled from its own draft says when that was saved: the later one counts. */
function restoreDrafts(within) {
  for (const field of draftFields(within)) {
    const { draftSavedAt } = field.dataset;
    if (field.value && !draftSavedAt) continue; // the server brought the text back itself
    const draft = readDraft(DRAFT_PREFIX + field.dataset.draftKey);
    if (!draft?.text || (draftSavedAt && draft.at <= Date.parse(draftSavedAt))) continue;
    field.value = draft.text;
    const note = field.form?.querySelector("[data-draft-note]");
    if (note) note.hidden = false;
  }
}

const draftKeysOf = (form) => [...draftFields(form)].map((field) => DRAFT_PREFIX + field.dataset.draftKey);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented && !isHtmxForm(form)) return;
  draftFields(form).forEach((field) => {
    clearTimeout(pauses.get(field));
    keepDraft(field);
    unsaved.delete(field);
  });
  guarded.delete(form);
  const keys = draftKeysOf(form);
  if (keys.length && !isHtmxForm(form)) sessionStorage.setItem(SENT_MARK, JSON.stringify(keys));
  if (form.matches("[data-signs-out]")) forgetAllDrafts();
});

/* A form that was taken answers with a redirect; one that was refused is shown again, and an error or
   the sign-in page keeps what was typed. */
function forgetSentDrafts() {
  const sent = sessionStorage.getItem(SENT_MARK);
  if (!sent) return;
  sessionStorage.removeItem(SENT_MARK);
  const [visit] = performance.getEntriesByType("navigation");
  const taken = visit?.type === "navigate" && visit.redirectCount > 0 && !root.hasAttribute("data-keeps-drafts");
  if (taken) JSON.parse(sent).forEach((key) => localStorage.removeItem(key));
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, elt } = event.detail;
  const form = elt.closest("form");
  if (!form || xhr.status >= 400) return;
  const refused = xhr.responseText.includes("data-error-summary") || xhr.responseText.includes('aria-invalid="true"');
  if (!refused) draftKeysOf(form).forEach((key) => localStorage.removeItem(key));
});

/* Signing out may happen on somebody else's machine: nothing typed stays behind. */
function forgetAllDrafts() {
  Object.keys(localStorage).filter((key) => key.startsWith(DRAFT_PREFIX)).forEach((key) => localStorage.removeItem(key));
}

// ---- Leaving a half-filled form ---------------------------------------------------------------------

const guarded = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard]")) guarded.add(form);
});

window.addEventListener("beforeunload", (event) => {
  unsaved.forEach((field) => keepDraft(field));
  const stillOnPage = [...unsaved, ...guarded].some((element) => element.isConnected);
  if (stillOnPage) event.preventDefault();
});

// ---- Lists that stay fresh ------------------------------------------------------------------------------

const POLL_MS = 15 * SECOND;

setInterval(pollAll, POLL_MS);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  paintClocks();
  pollAll();
});

/* A tab that nobody looks at asks only for lists that tell of news there, in its title or by sound. */
function pollAll() {
  document.querySelectorAll(document.hidden ? "[data-poll-hidden]" : "[data-poll]").forEach(poll);
}

/* 204: nothing changed, though it may have another version by now. 200: the element as it is now; who
   listens to `msa:fresh` may take it over otherwise than as a whole. Anything else, a redirect to the
   sign-in page included, counts as offline. */
async function poll(element) {
  if (element.dataset.polling !== undefined || isBeingUsed(element)) return;
  element.dataset.polling = "";
  const url = new URL(element.dataset.poll, location.href);
  if (element.dataset.version) url.searchParams.set("v", element.dataset.version);
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(POLL_MS) });
    if (answer.status !== 200 && answer.status !== 204) throw new Error(String(answer.status));
    const version = answer.headers.get("X-Version");
    if (version) element.dataset.version = version;
    if (answer.status === 200) {
      const html = await answer.text();
      if (element.isConnected && !isBeingUsed(element)) takeOver(element, html);
    }
    showLive();
  } catch {
    showOffline();
  } finally {
    delete element.dataset.polling;
  }
}

function takeOver(element, html) {
  const fresh = new CustomEvent("msa:fresh", { bubbles: true, cancelable: true, detail: { html } });
  if (element.dispatchEvent(fresh)) htmx.swap(element, html, { swapStyle: "outerHTML" });
}

const isBeingUsed = (element) =>
  element.querySelector(":popover-open, input:not([type=checkbox]):focus, textarea:focus, select:focus, form[data-sent]") !== null;

function showLive() {
  for (const badge of document.querySelectorAll("[data-live]")) {
    badge.classList.remove("is-offline");
    badge.querySelector("span").textContent = `${badge.dataset.textLive} ${timeOfDay()}`;
  }
}

function showOffline() {
  for (const badge of document.querySelectorAll("[data-live]:not(.is-offline)")) {
    badge.classList.add("is-offline");
    const text = `${badge.dataset.textOffline} ${timeOfDay()}`;
    badge.querySelector("span").textContent = text;
    announce(text);
  }
}

// ---- Toasts -------------------------------------------------------------------------------------------------

const TOAST_MS = 8 * SECOND; // good news leaves by itself; warnings and errors wait for a click

document.addEventListener("click", (event) => {
  event.target.closest?.("[data-dismiss]")?.closest("[data-toast]")?.remove();
});

function expireToasts(within) {
  for (const toast of within.querySelectorAll('[data-toast="success"], [data-toast="info"]')) {
    setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); }, TOAST_MS);
  }
}

// ---- Menus where the browser cannot anchor them ------------------------------------------------------------------

if (!CSS.supports("position-area", "block-end")) {
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (event.newState !== "open" || !menu.matches?.(".menu")) return;
    const opener = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const below = opener.bottom + menu.offsetHeight < innerHeight;
    menu.style.setProperty("top", `${below ? opener.bottom : Math.max(0, opener.top - menu.offsetHeight)}px`);
    menu.style.setProperty("left", `${Math.max(8, Math.min(opener.left, innerWidth - menu.offsetWidth - 8))}px`);
  }, true);
}

// ---- Start, and again for what htmx brings ------------------------------------------------------------------------

function enliven(within) {
  restoreDrafts(within);
  expireToasts(within);
}

forgetSentDrafts();
enliven(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target === document.body) return;
  enliven(event.target);
  event.target.querySelector("[data-error-summary]")?.focus(); // a whole page does so by its autofocus
});
