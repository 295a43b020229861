"use strict";
// The pages work without this; it adds dropping, pasting, printing, small pictures of what is chosen, and a word while
// an answer is on its way.
(() => {
  const PICTURES = 12, LARGEST = 30e6;  // more, or larger, are named and not shown
  const form = document.querySelector("[data-ask]");
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  if (!form) return;
  const status = form.querySelector("[data-status]"), button = form.querySelector("button.main");
  const reset = form.querySelector("[data-reset]");
  const inputs = [...form.querySelectorAll("input[type=file]")], zones = [...form.querySelectorAll("[data-drop]")];
  const inputOf = (zone) => zone.querySelector("input[type=file]");
  const chosen = () => inputs.flatMap((input) => [...input.files]);
  const say = (text) => { status.textContent = text; };

  async function paint(file, canvas) {
    const picture = await createImageBitmap(file);
    canvas.height = 96;
    canvas.width = Math.round(96 * Math.min(4, picture.width / picture.height));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
  }

  function tell() {
    const files = chosen(), names = files.slice(0, 5).map((file) => file.name).join(", ");
    say(files.length ? `Chosen: ${names}${files.length > 5 ? ` and ${files.length - 5} more` : ""}.` : "");
    reset.hidden = !files.length;
    zones.forEach((zone) => {
      const mine = [...zone.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
      zone.querySelector("[data-chosen]").replaceChildren(...mine.slice(0, PICTURES).filter((file) => file.size < LARGEST).map((file) => {
        const item = document.createElement("li"), canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", file.name);
        item.append(canvas);
        paint(file, canvas).catch(() => item.remove());  // the server says what is wrong with it
        return item;
      }));
    });
  }
  inputs.forEach((input) => input.addEventListener("change", tell));
  form.addEventListener("reset", () => setTimeout(() => { tell(); inputs[0].focus(); }));

  const camera = form.querySelector("[data-camera]");
  if (camera && !matchMedia("(pointer: coarse)").matches) camera.hidden = true;
  form.querySelectorAll("[data-hint]").forEach((hint) => { hint.hidden = false; });

  // What is let fall beside the zones, or pasted, goes into the first that is still empty.
  const zoneOf = (event) => event.target.closest("[data-drop]") || zones.find((zone) => !inputOf(zone).files.length) || zones[0];
  function take(zone, files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/") || !file.type);
    if (!pictures.length) { say("That holds no picture."); return; }
    const all = new DataTransfer();
    [...inputOf(zone).files, ...pictures].forEach((file) => all.items.add(file));
    inputOf(zone).files = all.files;
    tell();
    if (zones.every((each) => inputOf(each).files.length)) button.focus();
  }
  function over(event) {
    event.preventDefault();
    zones.forEach((zone) => zone.classList.toggle("over", event.type === "dragover" && zone === zoneOf(event)));
  }
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", over);
  document.addEventListener("drop", (event) => { over(event); take(zoneOf(event), event.dataTransfer.files); });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); take(zoneOf(event), event.clipboardData.files); }
  });

  form.addEventListener("submit", (event) => {
    const files = chosen(), most = Number(form.dataset.ask);
    // Larger requests are refused before they are read, which browsers show as a broken connection.
    const problem = !files.length ? "Choose a painting first."
      : files.reduce((total, file) => total + file.size, 0) > most ? `All files together may have ${Math.floor(most / 1e6)} MB; send fewer at once.` : "";
    if (problem) { event.preventDefault(); say(problem); inputs[0].focus(); return; }
    say(files.length === 1 ? "Looking at the painting …" : `Looking at ${files.length} paintings …`);
    button.disabled = true;
  });
  // Whoever comes back finds the form as it was, and usable.
  addEventListener("pageshow", () => {
    button.disabled = false;
    form.querySelectorAll("details").forEach((more) => {
      more.open ||= [...more.querySelectorAll("input, select")].some((field) => field.value && field.value !== field.defaultValue);
    });
    tell();
  });
})();
