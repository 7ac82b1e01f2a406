"use strict";

// Without this script everything is there; with it the page filters, sorts, copies and reads out.

const body = document.body;

// The theme: as the system has it, or the other one.
function themes() {
  const button = document.getElementById("theme");
  const names = { "": "as the system has them", light: "light", dark: "dark" };
  const order = matchMedia("(prefers-color-scheme: dark)").matches ? ["", "light", "dark"] : ["", "dark", "light"];
  let at = 0;
  button.addEventListener("click", () => {
    at = (at + 1) % order.length;
    if (order[at]) document.documentElement.dataset.theme = order[at];
    else delete document.documentElement.dataset.theme;
    button.setAttribute("aria-label", `Colours: ${names[order[at]]}`);
  });
}

// A button at each command.
function copies() {
  for (const step of document.querySelectorAll(".step")) {
    const code = step.querySelector("code");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      button.textContent = (await copied(code)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    step.append(button);
  }
}

async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}

// What a link leads to may be folded.
function unfold() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const details = target && target.closest("details");
  if (details) {
    details.open = true;
    target.scrollIntoView();
  }
}

document.querySelector(".tools").hidden = false;
themes();
copies();
addEventListener("hashchange", unfold);
unfold();
