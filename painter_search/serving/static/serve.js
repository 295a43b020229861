"use strict";
// The pages work without this; it adds dropping, pasting, printing, and a word while an answer is on its way.
(() => {
  const form = document.querySelector("[data-ask]");
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  if (!form) return;
  const status = form.querySelector("[data-status]");
  const button = form.querySelector("button.main");
  const inputs = [...form.querySelectorAll("input[type=file]")];
  const say = (text) => { status.textContent = text; };
  const count = () => inputs.reduce((total, input) => total + input.files.length, 0);
  const tell = () => {
    const names = inputs.flatMap((input) => [...input.files].map((file) => file.name));
    say(names.length ? `Chosen: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}.` : "");
  };
  inputs.forEach((input) => input.addEventListener("change", tell));

  const camera = form.querySelector("[data-camera]");
  if (camera && !matchMedia("(pointer: coarse)").matches) camera.hidden = true;

  const zone = form.querySelector("[data-drop]");
  if (zone) {
    const hint = form.querySelector("[data-hint]");
    const files = inputs[0];
    hint.hidden = false;
    const take = (list) => {
      const pictures = [...list].filter((file) => file.type.startsWith("image/") || !file.type);
      if (!pictures.length) { say("That holds no picture."); return; }
      const all = new DataTransfer();
      [...files.files, ...pictures].forEach((file) => all.items.add(file));
      files.files = all.files;
      tell();
      button.focus();
    };
    const over = (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", over);
    document.addEventListener("drop", (event) => { over(event); take(event.dataTransfer.files); });
    document.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) { event.preventDefault(); take(event.clipboardData.files); }
    });
  }

  form.addEventListener("submit", (event) => {
    const number = count();
    if (!number) { event.preventDefault(); say("Choose a painting first."); inputs[0].focus(); return; }
    say(number === 1 ? "Looking at the painting …" : `Looking at ${number} paintings …`);
    button.disabled = true;
  });
  // Whoever comes back finds the form as it was, and usable.
  addEventListener("pageshow", () => { button.disabled = false; tell(); });
})();
