/* Printing an incident: a button where there is a script, and folded parts open on paper. */

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const opened = new Set();

window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main details:not([open])")) {
    if (part.closest(".composer")) continue;
    part.open = true;
    opened.add(part);
  }
});

window.addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
  opened.clear();
});
