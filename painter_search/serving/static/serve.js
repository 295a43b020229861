"use strict";
// The pages work without this script. It adds dropping and pasting files, thumbnails of the chosen files, a status line
// while an answer is computed, and printing.
(() => {
  const MAX_THUMBNAILS = 12, MAX_THUMBNAIL_BYTES = 30e6;  // further and larger files are named only
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
  const setStatus = (text) => { status.textContent = text; };

  async function drawThumbnail(file, canvas) {
    const picture = await createImageBitmap(file);
    canvas.height = 96;
    canvas.width = Math.round(96 * Math.min(4, picture.width / picture.height));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
  }

  function showChosen() {
    const files = chosen(), names = files.slice(0, 5).map((file) => file.name).join(", ");
    setStatus(files.length ? `Chosen: ${names}${files.length > 5 ? ` and ${files.length - 5} more` : ""}.` : "");
    reset.hidden = !files.length;
    zones.forEach((zone) => {
      const own = [...zone.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
      zone.querySelector("[data-chosen]").replaceChildren(...own.slice(0, MAX_THUMBNAILS).filter((file) => file.size < MAX_THUMBNAIL_BYTES).map((file) => {
        const item = document.createElement("li"), canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", file.name);
        item.append(canvas);
        drawThumbnail(file, canvas).catch(() => item.remove());  // the server answers what is wrong with it
        return item;
      }));
    });
  }
  inputs.forEach((input) => input.addEventListener("change", showChosen));
  form.addEventListener("reset", () => setTimeout(() => { showChosen(); inputs[0].focus(); }));

  const camera = form.querySelector("[data-camera]");
  if (camera && !matchMedia("(pointer: coarse)").matches) camera.hidden = true;
  form.querySelectorAll("[data-hint]").forEach((hint) => { hint.hidden = false; });

  // Files dropped outside the zones, or pasted, go into the first empty zone.
  const zoneOf = (event) => event.target.closest("[data-drop]") || zones.find((zone) => !inputOf(zone).files.length) || zones[0];
  function addFiles(zone, files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/") || !file.type);
    if (!pictures.length) { setStatus("No picture was dropped or pasted."); return; }
    const all = new DataTransfer();
    [...inputOf(zone).files, ...pictures].forEach((file) => all.items.add(file));
    inputOf(zone).files = all.files;
    showChosen();
    if (zones.every((each) => inputOf(each).files.length)) button.focus();
  }
  function highlightZone(event) {
    event.preventDefault();
    zones.forEach((zone) => zone.classList.toggle("over", event.type === "dragover" && zone === zoneOf(event)));
  }
  document.addEventListener("dragover", highlightZone);
  document.addEventListener("dragleave", highlightZone);
  document.addEventListener("drop", (event) => { highlightZone(event); addFiles(zoneOf(event), event.dataTransfer.files); });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); addFiles(zoneOf(event), event.clipboardData.files); }
  });

  form.addEventListener("submit", (event) => {
    const files = chosen(), maxBytes = Number(form.dataset.ask);
    // The server refuses a larger request before it is read, which browsers show as a broken connection.
    const problem = !files.length ? "Choose a painting first."
      : files.reduce((total, file) => total + file.size, 0) > maxBytes ? `All files together may have ${Math.floor(maxBytes / 1e6)} MB; send fewer at once.` : "";
    if (problem) { event.preventDefault(); setStatus(problem); inputs[0].focus(); return; }
    setStatus(files.length === 1 ? "Looking at the painting …" : `Looking at ${files.length} paintings …`);
    button.disabled = true;
  });
  // Going back in the history restores the form, filled in and enabled.
  addEventListener("pageshow", () => {
    button.disabled = false;
    form.querySelectorAll("details").forEach((details) => {
      details.open ||= [...details.querySelectorAll("input, select")].some((field) => field.value && field.value !== field.defaultValue);
    });
    showChosen();
  });
})();
