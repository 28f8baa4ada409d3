// The filters. An image is shown while an object on it passes all of them; the others on it fade.
// Without scripts every image is there.
"use strict";
const element = (name) => document.getElementById(name);
const figures = [...document.querySelectorAll("figure")].map((figure) => ({
  figure,
  name: figure.querySelector("figcaption b").textContent.toLowerCase(),
  objects: [...figure.querySelectorAll("g")],
}));
const choices = { c: element("category"), k: element("kind"), s: element("size") };
const times = [element("from"), element("to")].filter(Boolean);

function passes(object) {
  for (const [key, select] of Object.entries(choices)) {
    if (select.value !== "" && object.dataset[key] !== select.value) return false;
  }
  return times.every((input, upper) => {
    if (input.value === "") return true;
    if (object.dataset.t === undefined) return false;
    const seconds = Number(object.dataset.t);
    return upper ? seconds <= Number(input.value) : seconds >= Number(input.value);
  });
}

function filter() {
  const wanted = element("search").value.trim().toLowerCase();
  const choosing = [...Object.values(choices), ...times].some((input) => input.value !== "");
  let images = 0;
  let count = 0;
  for (const { figure, name, objects } of figures) {
    let here = 0;
    for (const object of objects) {
      const passed = passes(object);
      object.classList.toggle("out", !passed);
      here += passed;
    }
    figure.hidden = !name.includes(wanted) || (choosing && here === 0);
    if (figure.hidden) continue;
    images += 1;
    count += here;
  }
  const total = figures.length.toLocaleString("en");
  element("shown").textContent =
    `${images.toLocaleString("en")} of ${total} images, ${count.toLocaleString("en")} objects`;
}

function enlarge(figure) {
  const large = figure.classList.toggle("large");
  const button = figure.querySelector("button");
  button.setAttribute("aria-expanded", large);
  button.textContent = large ? "reduce" : "enlarge";
  if (large) figure.scrollIntoView({ block: "nearest" });
}

for (const input of [element("search"), ...Object.values(choices), ...times]) {
  input.addEventListener("input", filter);
}
for (const name of ["masks", "boxes"]) {
  element(name).addEventListener("change", (event) => {
    element("pictures").classList.toggle(`no-${name}`, !event.target.checked);
  });
}
element("reset").addEventListener("click", () => {
  for (const input of [element("search"), ...Object.values(choices), ...times]) input.value = "";
  filter();
});
element("pictures").addEventListener("click", (event) => {
  const target = event.target.closest(".stage, .link");
  if (target) enlarge(target.closest("figure"));
});
filter();
