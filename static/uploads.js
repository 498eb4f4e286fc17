/* Files sent piece by piece while a person writes, going on by themselves after a lost connection.
   Without it the form has a plain file input. Words come from data attributes and a template. */

const SECOND = 1000;
const PIECE_BYTES = 1024 * 1024; // of what is sent at a time: the bar moves, and little is sent twice
const PIECE_PATIENCE_MS = 120 * SECOND; // a megabyte at 70 kilobits a second
const TRIES = 12; // in a row without a byte getting through: about five minutes
const LONGEST_PAUSE_MS = 30 * SECOND;

const language = document.documentElement.lang || "en";
const UNITS = ["B", "KB", "MB", "GB"]; // as the server writes sizes

function writeSize(bytes) {
  let amount = bytes, unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) { amount /= 1024; unit += 1; }
  const digits = unit && amount < 10 ? 1 : 0;
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${number.format(amount)}\u00a0${UNITS[unit]}`;
}

function announce(text) {
  const region = document.getElementById("announce");
  if (region && text) region.textContent = text;
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** An answer that says no; `isFinal` where trying again with the same file is in vain. */
class Refusal extends Error {
  constructor(message, isFinal = false) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** Nothing came back, or nothing that can be relied on: worth another try. */
class Interruption extends Error {}

/* XMLHttpRequest and not fetch: it tells how much of a piece is through. */
function ask(method, url, { body = null, headers = {}, onProgress, row } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.timeout = PIECE_PATIENCE_MS;
    request.setRequestHeader("X-CSRFToken", row.widget.csrfToken());
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    const broken = () => reject(new Interruption());
    request.addEventListener("error", broken);
    request.addEventListener("timeout", broken);
    request.addEventListener("abort", broken);
    request.addEventListener("load", () => {
      const elsewhere = new URL(request.responseURL).pathname !== new URL(url, location.href).pathname;
      if (elsewhere || request.status === 403) reject(new Refusal(row.widget.words.textSignedOut));
      else if (request.status >= 500 || request.status === 429) broken();
      else resolve(request);
    });
    row.request = request;
    request.send(body);
  });
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

// ---- One file ------------------------------------------------------------------------------------

class Row {
  constructor(widget, { file = null, key = newKey(), name = file.name, size = file.size, received = 0, chosen = true }) {
    Object.assign(this, { widget, file, key, name, size, received, known: !file, state: "" });
    this.element = widget.template.content.firstElementChild.cloneNode(true);
    const find = (selector) => this.element.querySelector(selector);
    this.input = find("input");
    this.bar = find("progress");
    this.said = find(".upload-state");
    this.again = find("[data-again]");
    this.removal = find("[data-remove]");
    find(".upload-name").textContent = name;
    find(".upload-size").textContent = writeSize(size);
    find("[data-of]").textContent = name;
    this.again.querySelector(".visually-hidden").textContent = ` ${name}`;
    this.bar.setAttribute("aria-label", name);
    this.input.value = key;
    this.again.addEventListener("click", () => this.retry());
    this.removal.addEventListener("click", () => this.remove());
    widget.list.append(this.element);
    this.paint();
    if (size > 0 && received === size) this.show("arrived", chosen);
    else if (file) this.show("waiting");
    else this.show("interrupted");
  }

  get isUnderWay() {
    return this.state === "waiting" || this.state === "sending" || this.state === "offline";
  }

  show(state, told = true) {
    const changed = this.state !== state;
    this.state = state;
    const word = { arrived: "textArrived", waiting: "textWaiting", sending: "textSending", offline: "textOffline", interrupted: "textInterrupted" }[state];
    if (word) this.said.textContent = this.widget.words[word];
    this.input.disabled = state !== "arrived";
    this.bar.hidden = state === "arrived" || state === "failed";
    this.again.hidden = state !== "failed" || !this.file;
    this.element.classList.toggle("is-failed", state === "failed");
    if (changed && told && ["arrived", "offline"].includes(state) && this.file) announce(`${this.name}: ${this.said.textContent}`);
    if (changed) this.widget.settle();
  }

  fail(text, isFinal = false) {
    this.said.textContent = text;
    this.show("failed");
    if (isFinal) this.again.hidden = true;
    announce(`${this.name}: ${text}`);
  }

  paint(sent = this.received) {
    this.bar.value = this.size ? sent / this.size : 0;
  }

  goOnWith(file) {
    this.file = file;
    this.known = true;
    this.show("waiting");
    this.widget.work();
  }

  retry() {
    this.removal.focus();
    this.show("waiting");
    this.widget.work();
  }

  async send() {
    this.show("sending");
    let tries = 0;
    while (this.state !== "removed") {
      const before = this.received;
      try {
        await (this.known ? this.sendPiece() : this.begin());
        tries = 0;
        if (this.state === "offline") this.show("sending");
        if (this.known && this.received >= this.size) return this.show("arrived");
      } catch (error) {
        if (this.state === "removed") return;
        if (error instanceof Refusal) return this.fail(error.message || this.widget.words.textFailed, error.isFinal);
        if (!(error instanceof Interruption)) return this.fail(this.widget.words.textFailed);
        tries = this.received > before ? 0 : tries + 1;
        if (tries > TRIES) return this.fail(this.widget.words.textFailed);
        this.show("offline");
        await this.widget.pause(Math.min(LONGEST_PAUSE_MS, 2 ** (tries - 1) * SECOND));
        await this.catchUp();
      }
    }
  }

  async begin() {
    const facts = new URLSearchParams({ id: this.key, name: this.name, size: this.size, place: this.widget.place });
    const answer = await ask("POST", this.widget.url, { body: facts, row: this });
    if (answer.status !== 201) throw new Refusal(answerOf(answer).error, true);
    this.known = true;
    this.received = answerOf(answer).received;
  }

  async sendPiece() {
    const from = this.received;
    const piece = await this.read(from);
    const answer = await ask("PATCH", `${this.widget.url}${this.key}/`, {
      body: piece,
      headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from) },
      onProgress: (sent) => this.paint(from + sent),
      row: this,
    });
    if (answer.status === 404) return this.startAfresh();
    if (answer.status !== 200 && answer.status !== 409) throw new Refusal(answerOf(answer).error);
    this.received = answerOf(answer).received;
    this.paint();
  }

  /* Read here, so that a file that changed or went away meanwhile is told from a lost connection. */
  async read(from) {
    try {
      return await this.file.slice(from, from + PIECE_BYTES).arrayBuffer();
    } catch {
      throw new Refusal(this.widget.words.textFailed);
    }
  }

  /* After an interruption: how far the server has come. */
  async catchUp() {
    if (!this.known || this.state === "removed") return;
    try {
      const answer = await ask("GET", `${this.widget.url}${this.key}/`, { row: this });
      if (answer.status === 404) this.startAfresh();
      if (answer.status === 200) this.received = answerOf(answer).received;
      this.paint();
    } catch { /* still away: the next try asks again */ }
  }

  startAfresh() {
    this.key = newKey();
    this.input.value = this.key;
    this.known = false;
    this.received = 0;
  }

  remove() {
    const next = (this.element.nextElementSibling ?? this.element.previousElementSibling)?.querySelector("[data-remove]");
    this.state = "removed";
    this.request?.abort();
    this.element.remove();
    (next ?? this.widget.chooser).focus();
    announce(`${this.name}: ${this.widget.words.textRemoved}`);
    if (this.known) {
      ask("DELETE", `${this.widget.url}${this.key}/`, { row: this }).catch(() => { /* it goes within a day */ });
    }
    this.widget.forget(this);
  }
}

// ---- All files of a form ---------------------------------------------------------------------------

class Uploads {
  constructor(element) {
    this.words = element.dataset;
    this.url = element.dataset.uploads;
    this.place = element.dataset.place;
    this.form = element.closest("form");
    this.template = element.querySelector("template[data-row]");
    this.list = element.querySelector("[data-list]");
    this.chooser = element.querySelector("input[type=file]");
    this.drop = element.querySelector("[data-drop]");
    this.note = element.querySelector("[data-note]");
    this.rows = [];
    this.drop.classList.add("is-live");
    element.querySelector("[data-hint]").hidden = false;
    for (const shown of [...this.list.children]) this.takeOver(shown);
    this.chooser.addEventListener("change", () => this.takeChosen());
    this.takeChosen(); // what the browser kept over a reload
    this.listenForDrops();
  }

  csrfToken() {
    return this.form.elements.csrfmiddlewaretoken.value;
  }

  takeOver(shown) {
    const { upload: key, name, size, received } = shown.dataset;
    shown.remove();
    this.rows.push(new Row(this, { key, name, size: Number(size), received: Number(received) }));
  }

  takeChosen() {
    const files = [...this.chooser.files];
    this.chooser.value = ""; // sent from here, and not with the form again
    this.add(files);
  }

  add(files) {
    for (const file of files) {
      const begun = this.rows.find((row) => row.state === "interrupted" && row.size === file.size && cleaned(row.name) === cleaned(file.name));
      if (begun) begun.goOnWith(file);
      else this.rows.push(new Row(this, { file }));
    }
    this.work();
  }

  /* One file after the other: a slow line is not shared, and the first arrive first. */
  async work() {
    if (this.working) return;
    this.working = true;
    try {
      for (let row; (row = this.rows.find((each) => each.state === "waiting"));) await row.send();
    } finally {
      this.working = false;
    }
  }

  pause(span) {
    return new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        window.removeEventListener("online", goOn);
        resolve();
      };
      const timer = setTimeout(goOn, span);
      window.addEventListener("online", goOn);
    });
  }

  forget(row) {
    this.rows = this.rows.filter((each) => each !== row);
    this.settle();
  }

  listenForDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    this.form.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.drop.classList.add("is-over");
    });
    this.form.addEventListener("dragleave", (event) => {
      if (!this.form.contains(event.relatedTarget)) this.drop.classList.remove("is-over");
    });
    this.form.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.drop.classList.remove("is-over");
      this.add(event.dataTransfer.files);
    });
    this.form.addEventListener("paste", (event) => {
      const { files } = event.clipboardData;
      if (!files.length || event.clipboardData.getData("text")) return;
      event.preventDefault(); // a picture of the screen
      this.add(files);
    });
  }

  // Sending the form waits for its files.

  holds(submitter) {
    if (submitter?.hasAttribute("formaction") || submitter?.hasAttribute("formnovalidate")) return false;
    const stuck = this.rows.find((row) => row.state === "failed" || row.state === "interrupted");
    if (stuck) {
      this.tell(this.words.textIncomplete);
      (stuck.again.hidden ? stuck.removal : stuck.again).focus();
      return true;
    }
    if (!this.rows.some((row) => row.isUnderWay)) return false;
    this.held = { submitter };
    this.tell(this.words.textHeld);
    return true;
  }

  settle() {
    if (!this.note || this.rows.some((row) => row.isUnderWay)) return;
    const { held } = this;
    this.held = undefined;
    if (!held) return;
    this.tell("");
    this.form.requestSubmit(held.submitter);
  }

  tell(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
    announce(text);
  }
}

/* The server cleans names; enough is alike to know a file again. */
const cleaned = (name) => name.normalize("NFC").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();

const widgets = new Map();

function enliven(within) {
  for (const element of within.querySelectorAll("[data-uploads]")) {
    const form = element.closest("form");
    if (form && element.dataset.live === undefined) {
      element.dataset.live = "";
      widgets.set(form, new Uploads(element));
    }
  }
  for (const button of within.querySelectorAll("[data-copy][hidden]")) button.hidden = !navigator.clipboard;
}

/* On the window, so that it comes before everything that marks a form as sent. */
window.addEventListener("submit", (event) => {
  if (!widgets.get(event.target)?.holds(event.submitter)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-digest]").textContent);
  announce(button.dataset.textCopied);
});

enliven(document);
document.addEventListener("htmx:load", (event) => enliven(event.target));
