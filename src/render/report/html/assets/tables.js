// Click on the head of a column to sort by it.
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (head.classList.contains("fixed")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, heads, column));
    head.append(button);
  });
}

function sort(table, heads, column) {
  const head = heads[column];
  const first = head.classList.contains("num") ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  heads.forEach((each) => each.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[column]), row]);
  // What has no value comes last in both orders.
  const empty = (one, other) => (one === "") - (other === "");
  rows.sort(([one], [other]) => empty(one, other) || sign * compare(one, other));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function value(cell) {
  const time = cell.querySelector("time");
  const text = cell.dataset.value ?? (time ? time.dateTime : cell.textContent.trim());
  const number = Number(text.replace(/[,%]/g, ""));
  return text === "" || Number.isNaN(number) ? text : number;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

// Leaves what holds each of the words: rows, incidents, pools. A pool is left in all charts if its details do.
function filter() {
  const input = document.getElementById("filter");
  if (!input) return;
  const found = document.getElementById("found");
  const parts = [...document.querySelectorAll("[data-filter]")].map((part) => [part, part.textContent.toLowerCase()]);
  const marks = document.querySelectorAll(".heat tr[data-pool], .timeline [data-pool]");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const holds = (text) => words.every((word) => text.includes(word));
    const pools = new Set();
    for (const [part, text] of parts) {
      if (part.matches(".details details") && holds(text)) pools.add(part.dataset.pool);
    }
    let incidents = 0;
    for (const [part, text] of parts) {
      const pool = part.dataset.pool;
      part.hidden = !(pool === undefined ? holds(text) : pools.has(pool));
      if (!part.hidden && part.classList.contains("incident")) incidents += 1;
    }
    for (const mark of marks) {
      const off = words.length > 0 && !pools.has(mark.dataset.pool);
      if (mark.tagName === "TR") mark.hidden = off;
      else mark.classList.toggle("off", off);
    }
    found.hidden = words.length === 0;
    found.textContent = `Filter “${words.join(" ")}”: pools ${pools.size}, incidents ${incidents}.`;
  };
  input.addEventListener("input", show);
  show();
}

document.querySelectorAll("table.sortable").forEach(sortable);
filter();
