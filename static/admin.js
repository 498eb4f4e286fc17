/* Names what Django's admin leaves unnamed for assistive technology, from words already on the page:
   fields in tables by their column, halves of a date and time, and the boxes of the autocomplete. */

function nameFieldsOfTables(within) {
  for (const cell of within.querySelectorAll("tr.form-row > td, #result_list tbody td")) {
    const header = cell.closest("table").tHead?.rows[0]?.cells[cell.cellIndex];
    const column = header?.textContent.trim();
    if (column) cell.querySelectorAll("input, select, textarea").forEach((field) => nameUnlessNamed(field, column));
  }
}

function nameDatesAndTimes(within) {
  for (const field of within.querySelectorAll("p.datetime input")) {
    const half = field.previousSibling?.textContent ?? "";
    const row = field.closest(".form-row")?.querySelector("label, legend")?.textContent ?? "";
    nameUnlessNamed(field, `${row.replace(/:\s*$/, "")} ${half.replace(/:\s*$/, "")}`.trim());
  }
}

function nameAutocompletes(within) {
  for (const select of within.querySelectorAll("select.admin-autocomplete")) {
    const box = select.parentElement.querySelector(".select2-selection");
    const label = select.labels?.[0]?.textContent.replace(/:\s*$/, "").trim() || select.getAttribute("aria-label");
    if (box && label && !box.hasAttribute("aria-label")) {
      box.setAttribute("aria-label", label);
      box.removeAttribute("aria-labelledby");
      box.querySelector('[role="textbox"]')?.setAttribute("aria-label", label);
    }
  }
}

/* Django gives the column over a row's hidden name a header without words: a plain cell, then. */
function unheadEmptyHeaders(within) {
  for (const header of within.querySelectorAll("th.original:empty")) {
    const cell = document.createElement("td");
    cell.className = header.className;
    header.replaceWith(cell);
  }
}

function nameHelpIcons(within) {
  within.querySelectorAll("span.help-tooltip[aria-label]").forEach((icon) => icon.setAttribute("role", "img"));
}

function nameUnlessNamed(field, name) {
  if (field.type !== "hidden" && !field.labels?.length && !field.hasAttribute("aria-label")) field.setAttribute("aria-label", name);
}

function nameAll(within) {
  nameFieldsOfTables(within);
  nameDatesAndTimes(within);
  nameHelpIcons(within);
  unheadEmptyHeaders(within);
}

/* The autocomplete builds its box when it likes, so it is watched for; the rest stands when the page does. */
new MutationObserver(() => nameAutocompletes(document)).observe(document.body, { childList: true, subtree: true });
nameAutocompletes(document);
window.addEventListener("load", () => nameAll(document));
document.addEventListener("formset:added", (event) => nameAll(event.target));
