// Reads out what is under the pointer.
const tip = document.getElementById("tip");
const columns = body.dataset.columns.split("|");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function grouped(number) {
  return Number(number || 0).toLocaleString("en");
}

// Text of a log goes in as text, never as markup.
function line(name, number, className) {
  const row = element("span");
  const label = element("em", "");
  if (className) label.append(element("i", undefined, className));
  label.append(name);
  row.append(label, element("strong", grouped(number)));
  return row;
}

function show(event, lines) {
  tip.replaceChildren(...lines);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + 14 + width > innerWidth ? event.clientX - 14 - width : event.clientX + 14;
  const top = event.clientY + 18 + height > innerHeight ? event.clientY - 10 - height : event.clientY + 18;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function column(event, chart) {
  const { left, width } = chart.getBoundingClientRect();
  const at = Math.floor(((event.clientX - left) / width) * columns.length);
  return Math.min(columns.length - 1, Math.max(0, at));
}

function readOut(chart, lines) {
  // What is said without a script would be said twice.
  chart.querySelectorAll("title").forEach((title) => title.remove());
  const move = (event) => show(event, lines(column(event, chart)));
  chart.addEventListener("pointermove", move);
  chart.addEventListener("pointerdown", move);
  chart.addEventListener("pointerleave", () => (tip.hidden = true));
}

for (const strip of document.querySelectorAll(".strip")) {
  const counts = strip.dataset.counts.split(",");
  const pool = strip.closest("tr").dataset.pool;
  readOut(strip, (at) => [element("b", columns[at]), line(pool, counts[at])]);
}

for (const stack of document.querySelectorAll(".stack")) {
  const classes = [...stack.querySelectorAll("path")].map((path) => ({
    name: path.dataset.name,
    color: path.getAttribute("class"),
    counts: path.dataset.counts.split(","),
  }));
  readOut(stack, (at) => {
    const there = classes.filter(({ counts }) => Number(counts[at]) > 0).reverse();
    const sum = there.reduce((sum, { counts }) => sum + Number(counts[at]), 0);
    return [
      element("b", columns[at]),
      ...there.map(({ name, color, counts }) => line(name, counts[at], color)),
      line(there.length === 1 ? "" : "all", sum),
    ].slice(0, there.length === 1 ? -1 : undefined);
  });
}

addEventListener("scroll", () => (tip.hidden = true), { passive: true });
