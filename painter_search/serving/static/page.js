"use strict";
// Every page works without its scripts. This one prints, copies a citation, and opens what an address points to.
(() => {
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  const texts = [...document.querySelectorAll("[data-copied]")], status = document.querySelector("[data-copy-status]");
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = texts[Number(button.dataset.copy)];
      try {
        await navigator.clipboard.writeText(text.textContent.replaceAll("\u00a0", " "));
        status.textContent = "Copied.";
      } catch {  // a page reached over plain HTTP may not write to the clipboard
        getSelection().selectAllChildren(text);
        status.textContent = "Selected; copy it with Ctrl+C.";
      }
    });
  });
})();
