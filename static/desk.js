/* Working on an incident: drafts on the server, points with a field each, templates, mentions, and who
   else is there. All of it works without: fields are plain, and words come from data attributes. */

const composer = document.querySelector("form[data-composer]");
const textField = composer?.querySelector("#composer-text");

const SECOND = 1000;
const csrfToken = () => composer?.elements.csrfmiddlewaretoken?.value ?? JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

const post = (url, body, options = {}) =>
  fetch(url, { method: "POST", body, redirect: "error", headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" }, ...options });

const typedInto = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

function announce(text) {
  const region = document.getElementById("announce");
  if (region && text) region.textContent = text;
}

// ---- Drafts: what is typed is kept by the server, for this person on any machine ------------------

const SAVE_AFTER_MS = SECOND; // a pause in typing
const KEEPALIVE_BYTES = 60_000; // what a browser sends on behalf of a page that is gone

let saveTimer, saving, lastSaved;

function draftOf(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (name === "kind" || name === "text" || name === "points" || name.startsWith("answer-")) body.append(name, value);
  }
  return body;
}

async function saveDraft() {
  clearTimeout(saveTimer);
  if (composer.dataset.sent !== undefined) return;
  const body = draftOf(composer);
  const content = body.toString();
  if (content === lastSaved) return;
  saving?.abort();
  saving = new AbortController();
  const held = [...composer.querySelectorAll("textarea[data-draft-key]")].map((field) => [field, field.value]);
  try {
    const answer = await post(composer.dataset.draftUrl, body, { signal: saving.signal, keepalive: content.length < KEEPALIVE_BYTES });
    if (answer.status !== 204) throw new Error(String(answer.status));
    lastSaved = content;
    for (const [field, value] of held) {
      if (field.value === value) localStorage.removeItem(`draft:${field.dataset.draftKey}`);
    }
    const kept = held.some(([, value]) => value.trim());
    tellDraft(kept ? "textSaved" : "");
    const discard = composer.querySelector("[data-discard]");
    if (discard) discard.hidden = !kept;
  } catch (error) {
    if (error.name !== "AbortError") tellDraft("textKept"); // the browser's own copy stays
  }
}

function tellDraft(word) {
  const state = composer.querySelector("[data-draft-state]");
  if (state) state.textContent = word ? state.dataset[word] : "";
}

if (composer?.dataset.draftUrl) {
  lastSaved = draftOf(composer).toString();
  const restored = [...composer.querySelectorAll("textarea[data-draft-key]")].some((field) => field.value !== field.defaultValue);
  if (restored) lastSaved = undefined;
  if (restored) saveTimer = setTimeout(saveDraft, SAVE_AFTER_MS);
  composer.addEventListener("input", (event) => {
    if (!event.target.name && !event.target.matches("[data-point]")) return;
    clearTimeout(saveTimer);
    saveTimer = setTimeout(saveDraft, SAVE_AFTER_MS);
  });
  composer.addEventListener("submit", () => {
    clearTimeout(saveTimer);
    saving?.abort();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) saveDraft();
  });
}

// ---- Points: a field each, written line by line into the text that is sent ------------------------

const points = composer?.querySelector("[data-points]");
if (points) offerPoints(points);

function offerPoints(group) {
  const source = group.querySelector("textarea");
  const words = group.dataset;
  const list = document.createElement("ol");
  const add = document.createElement("button");
  list.className = "point-fields";
  add.type = "button";
  add.className = "button button-small";
  add.textContent = words.add;
  list.setAttribute("aria-labelledby", "composer-points-label");
  source.hidden = true;
  group.querySelector("[data-plain]").remove();
  source.after(list, add);

  const fields = () => [...list.querySelectorAll("input")];
  const write = () => {
    source.value = fields().map((field) => field.value).filter((value) => value.trim()).join("\n");
    typedInto(source);
  };
  const number = () => fields().forEach((field, index) => {
    field.setAttribute("aria-label", `${words.label} ${index + 1}`);
    field.nextElementSibling.setAttribute("aria-label", `${words.remove} ${index + 1}`);
  });
  const append = (value, after) => {
    const item = document.createElement("li");
    const field = Object.assign(document.createElement("input"), { type: "text", value, maxLength: 500 });
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "icon-button", textContent: "×" });
    field.dataset.point = "";
    field.setAttribute("aria-describedby", "composer-points-help");
    item.append(field, remove);
    if (after) after.after(item);
    else list.append(item);
    number();
    return field;
  };
  const drop = (item) => {
    const neighbour = item.previousElementSibling ?? item.nextElementSibling;
    item.remove();
    number();
    write();
    (neighbour?.querySelector("input") ?? add).focus();
  };

  source.value.split("\n").filter((line) => line.trim()).forEach((line) => append(line));
  if (list.children.length) group.open = true;
  composer.addEventListener("change", (event) => {
    if (event.target.name === "kind" && event.target.value === "question") group.open = true;
  });
  add.addEventListener("click", () => append("").focus());
  list.addEventListener("click", (event) => {
    if (event.target.matches("button")) drop(event.target.closest("li"));
  });
  list.addEventListener("input", (event) => {
    event.stopPropagation();
    write();
  });
  list.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches("input")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      composer.requestSubmit(composer.querySelector('button[type="submit"]'));
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      append("", field.closest("li")).focus();
    } else if (event.key === "Backspace" && !field.value) {
      event.preventDefault();
      drop(field.closest("li"));
    }
  });
  list.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text").split("\n").map((line) => line.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    let field = event.target;
    field.value += lines.shift();
    for (const line of lines) field = append(line, field.closest("li"));
    field.focus();
    write();
  });
}

// ---- Templates ------------------------------------------------------------------------------------

composer?.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  event.preventDefault();
  const said = composer.querySelector("[data-said]");
  try {
    const answer = await post(button.formAction, new URLSearchParams({ template: composer.elements.template.value }));
    const found = await answer.json();
    said.textContent = found.error ?? found.note;
    said.classList.toggle("is-refusal", Boolean(found.error));
    if (found.text) insert(found.text, found.kind);
  } catch {
    button.form.requestSubmit(button); // as without a script: the page says what is wrong
  }
});

let caretIsKnown = false; // until somebody was in the text, a template comes below it
textField?.addEventListener("focus", () => { caretIsKnown = true; });

function insert(text, kind) {
  const choice = composer.querySelector(`input[name="kind"][value="${kind}"]`);
  if (choice && !textField.value.trim()) choice.checked = true;
  if (!caretIsKnown) textField.setSelectionRange(textField.value.length, textField.value.length);
  const before = textField.value.slice(0, textField.selectionStart);
  const after = textField.value.slice(textField.selectionEnd);
  const gap = (part, touches) => (part.trim() && !touches ? "\n\n" : "");
  textField.focus();
  textField.setRangeText(
    gap(before, before.endsWith("\n")) + text + gap(after, after.startsWith("\n")),
    textField.selectionStart, textField.selectionEnd, "end");
  typedInto(textField);
}

// ---- Mentions: colleagues whose name begins as what stands after the @ ------------------------------

const MENTIONED = /(?:^|[^\w.+-])@([^\n@]{0,60})$/;
const SHOWN_MOST = 6; // what fits below a text on a small screen

const suggestions = Object.assign(document.createElement("ul"), { id: "mention-list", className: "mention-list", hidden: true });
suggestions.setAttribute("role", "listbox");

if (textField && document.querySelector("#presence")) {
  textField.after(suggestions);
  textField.setAttribute("aria-autocomplete", "list");
  textField.setAttribute("aria-controls", suggestions.id);
  textField.addEventListener("input", suggest);
  textField.addEventListener("blur", () => setTimeout(closeSuggestions, SECOND / 5)); // a click comes after it
  textField.addEventListener("keydown", chooseByKey);
  suggestions.addEventListener("click", (event) => take(event.target.closest("li")));
}

function suggest() {
  const isNote = composer.querySelector('input[name="kind"]:checked')?.value === "note";
  const typed = isNote && MENTIONED.exec(textField.value.slice(0, textField.selectionStart));
  const names = typed ? namesFor(typed[1].toLocaleLowerCase()) : [];
  suggestions.replaceChildren(...names.map(([name, role], index) => {
    const option = document.createElement("li");
    const small = Object.assign(document.createElement("small"), { textContent: role });
    option.id = `mention-${index}`;
    option.dataset.name = name;
    option.setAttribute("role", "option");
    option.append(name, " ", small);
    return option;
  }));
  suggestions.hidden = names.length === 0;
  suggestions.setAttribute("aria-label", document.getElementById("colleagues")?.dataset.label ?? "");
  if (names.length) mark(suggestions.firstElementChild);
  else closeSuggestions();
}

function namesFor(typed) {
  const options = [...document.querySelectorAll("#colleagues option")];
  return options
    .map((option) => [option.value, option.textContent])
    .filter(([name]) => {
      const folded = name.toLocaleLowerCase();
      return folded !== typed && (folded.startsWith(typed) || folded.split(" ").some((word) => word.startsWith(typed)));
    })
    .slice(0, SHOWN_MOST);
}

function mark(option) {
  for (const each of suggestions.children) each.setAttribute("aria-selected", String(each === option));
  textField.setAttribute("aria-activedescendant", option.id);
}

function chooseByKey(event) {
  if (suggestions.hidden || event.isComposing || event.ctrlKey || event.metaKey) return;
  const marked = suggestions.querySelector('[aria-selected="true"]');
  const next = { ArrowDown: marked.nextElementSibling ?? suggestions.firstElementChild, ArrowUp: marked.previousElementSibling ?? suggestions.lastElementChild }[event.key];
  if (next) mark(next);
  else if (event.key === "Enter" || event.key === "Tab") take(marked);
  else if (event.key === "Escape") closeSuggestions();
  else return;
  event.preventDefault();
}

function take(option) {
  if (!option) return;
  const start = textField.value.lastIndexOf("@", textField.selectionStart - 1);
  textField.setRangeText(`@${option.dataset.name} `, start, textField.selectionStart, "end");
  closeSuggestions();
  textField.focus();
  typedInto(textField);
}

function closeSuggestions() {
  suggestions.hidden = true;
  textField.removeAttribute("aria-activedescendant");
}

// ---- Who else is there ------------------------------------------------------------------------------

const BEAT_MS = 10 * SECOND;
const REPLYING_FOR_MS = 30 * SECOND; // since the last key

const presence = document.querySelector("[data-presence]");
// One name for a tab, over reloads: what it said before it sent something does not linger.
sessionStorage.deskWindow ??= Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const thisWindow = sessionStorage.deskWindow;
let typedAt = -Infinity, toldReplying = false, shown = "";

const isReplying = () => performance.now() - typedAt < REPLYING_FOR_MS;

async function beat() {
  if (document.hidden) return;
  toldReplying = isReplying();
  const seen = document.getElementById("timeline").dataset.length;
  try {
    const answer = await post(presence.dataset.presence, new URLSearchParams({ doing: toldReplying ? "replying" : "reading", seen, window: thisWindow }), { signal: AbortSignal.timeout(BEAT_MS) });
    if (answer.status !== 200) throw new Error(String(answer.status));
    show(await answer.text());
  } catch {
    show(""); // nobody knows who is there
  }
}

function show(html) {
  if (html === shown) return;
  shown = html;
  htmx.swap(presence, html, { swapStyle: "innerHTML" });
}

if (presence) {
  beat();
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", beat);
  composer?.addEventListener("input", () => {
    if (!draftOf(composer).get("text")?.trim()) return;
    typedAt = performance.now();
    if (!toldReplying) beat();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt?.id !== "timeline" && event.target.id !== "timeline") return;
    const latest = [...document.querySelectorAll("#timeline .message")].at(-1);
    latest?.setAttribute("tabindex", "-1");
    latest?.focus();
    announce(latest?.querySelector("h2")?.textContent);
    beat();
  });
}
