// Sorting the table of categories by click, and searching in it. Without scripts it stays readable.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  heads.forEach((head, place) => {
    head.querySelector("button").addEventListener("click", () => {
      const text = head.classList.contains("text");
      // Names start at A, numbers at the greatest; a second click turns the order round.
      const first = text ? "ascending" : "descending";
      const other = text ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const compare = (a, b) => {
        const [x, y] = [value(a, place), value(b, place)];
        if (text) return sign * x.localeCompare(y);
        if ((x < 0) !== (y < 0)) return x < 0 ? 1 : -1; // what has no number stays last
        return sign * (x - y);
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
const search = document.querySelector("#search");
if (search) {
  const shown = document.querySelector("#shown");
  const rows = [...document.querySelector("#categories").tBodies[0].rows];
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length}`;
  });
}
// Pictures: those with an error of the chosen kind and category; predictions, or the truth.
const pictures = document.querySelector("#pictures");
if (pictures) {
  const figures = [...pictures.querySelectorAll("figure")];
  const wanted = ["search", "category", "kind"].map((name) =>
    document.querySelector(`#picture-${name}`),
  );
  const filter = () => {
    const [text, category, kind] = wanted.map((input) => input.value.trim().toLowerCase());
    let count = 0;
    for (const figure of figures) {
      const marks = figure.dataset.marks.split(" ").map((mark) => mark.split(":"));
      const fits = (mark) => ["", mark[0]].includes(category) && ["", mark[1]].includes(kind);
      const named = figure.querySelector(".name").textContent.toLowerCase().includes(text);
      figure.hidden = !(named && marks.some(fits));
      count += !figure.hidden;
    }
    document.querySelector("#pictures-shown").textContent = `${count} of ${figures.length}`;
  };
  wanted.forEach((input) => input.addEventListener("input", filter));
  for (const radio of document.querySelectorAll("input[name=view]")) {
    radio.addEventListener("change", () => {
      pictures.classList.toggle("truth-shown", radio.value === "truth" && radio.checked);
    });
  }
  filter();
}
