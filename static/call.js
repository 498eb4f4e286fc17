/* The timer of a call: it writes the start and the end into the form, in the person's own zone. Words
   come from data attributes. */

const SECOND = 1000, MINUTE = 60 * SECOND;

const serverTime = document.querySelector('meta[name="server-time"]');
const skewMs = serverTime ? Date.parse(serverTime.content) - Date.now() : 0;
const now = () => Date.now() + (Number.isFinite(skewMs) ? skewMs : 0);

const timer = document.querySelector("[data-call-timer]");
const start = timer?.querySelector("[data-start]"), stop = timer?.querySelector("[data-stop]");
const digits = timer?.querySelector("[data-digits]");
let startedAt, ticking;

/** Write an instant as a field for local times has it: 2026-03-02T09:00:30. */
function asLocal(at) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: timer.dataset.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  const part = (type) => parts.find((each) => each.type === type).value;
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`;
}

function write(name, at) {
  const field = document.getElementById(`id_${name}`);
  field.step = "1"; // else a browser refuses seconds
  field.value = asLocal(at);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function paint() {
  const span = Math.max(0, now() - startedAt);
  const minutes = Math.floor(span / MINUTE), seconds = Math.floor(span / SECOND) % 60;
  digits.textContent = `${String(minutes).padStart(2, "0")}:${String(seconds).padStart(2, "0")}`;
}

function announce(text) {
  document.getElementById("announce").textContent = text;
}

start?.addEventListener("click", () => {
  startedAt = now();
  write("called_at", startedAt);
  document.getElementById("id_ended_at").value = "";
  ticking = setInterval(paint, SECOND);
  paint();
  start.hidden = true;
  stop.hidden = false;
  stop.focus();
  announce(timer.dataset.textStarted);
});

stop?.addEventListener("click", () => {
  clearInterval(ticking);
  write("ended_at", now());
  paint();
  stop.hidden = true;
  start.hidden = false;
  start.focus();
  announce(timer.dataset.textStopped);
});

if (timer) {
  timer.hidden = false;
  for (const field of document.querySelectorAll('input[type="datetime-local"]')) {
    if (field.value.length > "2026-03-02T09:00".length) field.step = "1"; // a form that was refused
  }
}
