// Comforts only: every page works without this file.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  // The clipboard exists on https and localhost only.
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const label = button.getAttribute("aria-label");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
    button.classList.add("done");
    button.setAttribute("aria-label", button.dataset.copied);
    setTimeout(() => {
      button.classList.remove("done");
      button.setAttribute("aria-label", label);
    }, 1500);
  });
}

// One open "really delete?" at a time.
const removals = document.querySelectorAll("details.remove");
for (const removal of removals) {
  removal.addEventListener("toggle", () => {
    if (removal.open) for (const other of removals) if (other !== removal) other.open = false;
  });
}
