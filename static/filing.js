/* Filing: what is filled in is kept by the server, a category that alone fits is chosen, a reference is
   copied. All of it works without; words come from data attributes. */

const SECOND = 1000;
const SAVE_AFTER_MS = SECOND; // a pause in typing
const KEEPALIVE_BYTES = 60_000; // what a browser sends on behalf of a page that is gone

const filing = document.querySelector("form[data-filing]");
const state = filing?.querySelector("[data-draft-state]");
const NOT_KEPT = new Set(["csrfmiddlewaretoken", "writer", "promised"]);

let saveTimer, saving, lastSaved, isSent = false, isUnsafe = false;

function contentOf(form) {
  const kept = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));
  return new URLSearchParams(kept).toString();
}

async function save() {
  clearTimeout(saveTimer);
  const content = contentOf(filing);
  if (isSent || content === lastSaved) return;
  saving?.abort();
  saving = new AbortController();
  const held = [...filing.querySelectorAll("textarea[data-draft-key]")].map((field) => [field, field.value]);
  try {
    const answer = await fetch(filing.dataset.draftUrl, {
      method: "POST",
      body: new URLSearchParams(content),
      redirect: "error",
      headers: { "X-CSRFToken": filing.elements.csrfmiddlewaretoken.value },
      keepalive: content.length < KEEPALIVE_BYTES,
      signal: saving.signal,
    });
    if (answer.status !== 204) throw new Error(String(answer.status));
    lastSaved = content;
    isUnsafe = false;
    for (const [field, value] of held) {
      if (field.value === value) localStorage.removeItem(`draft:${field.dataset.draftKey}`);
    }
    tell("textSaved");
  } catch (error) {
    if (error.name === "AbortError") return;
    isUnsafe = true;
    tell("textKept"); // the browser's own copy of the text stays
  }
}

function tell(word) {
  if (state.textContent !== state.dataset[word]) state.textContent = state.dataset[word];
}

function saveSoon() {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, SAVE_AFTER_MS);
}

if (filing?.dataset.draftUrl) {
  const restored = [...filing.querySelectorAll("textarea[data-draft-key]")].some((field) => field.value !== field.defaultValue);
  if (restored || filing.dataset.unsaved !== undefined) saveSoon();
  else lastSaved = contentOf(filing);
  filing.addEventListener("input", saveSoon);
  filing.addEventListener("change", saveSoon);
  document.addEventListener("submit", (event) => {
    if (event.target !== filing || event.defaultPrevented) return;
    isSent = true;
    clearTimeout(saveTimer);
    saving?.abort();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) save();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) isSent = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isUnsafe && !isSent) event.preventDefault();
  });
}

document.addEventListener("submit", (event) => {
  const { discards } = event.target.dataset;
  if (!discards) return;
  isSent = true;
  clearTimeout(saveTimer);
  saving?.abort();
  localStorage.removeItem(`draft:${discards}`);
});

// ---- The questions: one category left is the one; one that does not fit any more is not -------------

const finder = filing?.querySelector("[data-finder]");

function narrow(event) {
  if (event.target.name !== "about" && event.target.name !== "suffers") return;
  const about = finder.querySelector('[name="about"]:checked')?.value;
  if (about === "all") return;
  const answer = finder.querySelector('[name="suffers"]:checked');
  if (answer && !answer.closest("label").dataset.kinds.split(" ").includes(about)) answer.checked = false;
  const suffers = finder.querySelector('[name="suffers"]:checked')?.value;
  const fits = (category) =>
    category.closest("[data-kind]").dataset.kind === about &&
    (suffers === "any" || category.closest("label").dataset.severity === suffers);
  const categories = [...finder.querySelectorAll('[name="category"]')];
  for (const category of categories) {
    if (category.checked && suffers && !fits(category)) category.checked = false;
  }
  const fitting = suffers ? categories.filter(fits) : [];
  if (fitting.length === 1) fitting[0].checked = true;
}

finder?.addEventListener("change", narrow); // before the promise is asked for, further up

// ---- Copying ------------------------------------------------------------------------------------------

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copies]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.querySelector("span").textContent = button.dataset.textCopied;
  });
}
