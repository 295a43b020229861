"use strict";
// Crops before and after asking: a rectangle with handles over the photograph, beside number fields that say the same, and
// quarter turns. On the first page it opens from a file in the tray, whose crop is sent in a hidden field.
(() => {
  const NAMES = ["left", "top", "width", "height"], LEAST = 2;  // in percent

  function edit(stage, fields, preview) {
    const picture = stage.firstElementChild, box = document.createElement("div");
    box.className = "crop-box";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "The crop; drag it or its corners, or use the fields below");
    ["nw", "ne", "se", "sw"].forEach((corner) => {
      const handle = document.createElement("i");
      handle.dataset.corner = corner;
      box.append(handle);
    });
    stage.append(box);
    const read = () => Object.fromEntries(NAMES.map((name) => [name, Number(fields[name].value) || 0]));
    function show() {
      const crop = read();
      NAMES.forEach((name) => { box.style[name] = `${crop[name]}%`; });
      preview?.(crop, Number(fields.turn.value));
    }
    function write(crop) {
      const width = Math.min(100, Math.max(LEAST, crop.width)), height = Math.min(100, Math.max(LEAST, crop.height));
      const kept = { left: Math.min(100 - width, Math.max(0, crop.left)), top: Math.min(100 - height, Math.max(0, crop.top)), width, height };
      NAMES.forEach((name) => { fields[name].value = String(Math.round(10 * kept[name]) / 10); });
      show();
    }
    let start = null;
    box.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      box.focus();
      box.setPointerCapture(event.pointerId);
      start = { x: event.clientX, y: event.clientY, crop: read(), corner: event.target.dataset.corner ?? "" };
    });
    box.addEventListener("pointermove", (event) => {
      if (!start) return;
      const across = 100 * (event.clientX - start.x) / picture.clientWidth, down = 100 * (event.clientY - start.y) / picture.clientHeight;
      const { crop, corner } = start, next = { ...crop };
      if (!corner) { next.left += across; next.top += down; }
      if (corner.includes("w")) { const by = Math.max(-crop.left, Math.min(across, crop.width - LEAST)); next.left += by; next.width -= by; }
      if (corner.includes("n")) { const by = Math.max(-crop.top, Math.min(down, crop.height - LEAST)); next.top += by; next.height -= by; }
      if (corner.includes("e")) next.width = Math.min(100 - crop.left, crop.width + across);
      if (corner.includes("s")) next.height = Math.min(100 - crop.top, crop.height + down);
      write(next);
    });
    ["pointerup", "pointercancel"].forEach((name) => box.addEventListener(name, () => { start = null; }));
    box.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: ["left", -1], ArrowRight: ["left", 1], ArrowUp: ["top", -1], ArrowDown: ["top", 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      const crop = read(), name = event.shiftKey ? { left: "width", top: "height" }[by[0]] : by[0];
      write({ ...crop, [name]: crop[name] + by[1] });
    });
    Object.values(fields).forEach((field) => field.addEventListener("input", show));
    function trim() {  // what is typed may lie outside of the photograph
      const crop = read(), left = Math.min(100 - LEAST, Math.max(0, crop.left)), top = Math.min(100 - LEAST, Math.max(0, crop.top));
      write({ left, top, width: Math.min(100 - left, crop.width), height: Math.min(100 - top, crop.height) });
      return read();
    }
    NAMES.forEach((name) => fields[name].addEventListener("change", trim));
    show();
    return trim;
  }

  // On an answer's page: the form is there already.
  document.querySelectorAll("[data-crop-editor]").forEach((form) => {
    const fields = Object.fromEntries([...NAMES, "turn"].map((name) => [name, form.elements[name]]));
    edit(form.querySelector("[data-crop-stage]"), fields);
    const details = form.closest("details"), open = () => { if (location.hash === "#crop") details.open = true; };
    addEventListener("hashchange", open);
    open();
  });

  // In the tray: a dialog for each file, and a hidden field for each file's crop.
  const form = document.querySelector("[data-ask]");
  if (!form) return;
  const crops = new WeakMap(), cropped = new WeakMap(), openers = new WeakMap();  // of files: their crops, pictures of these, and the buttons that open the dialog
  const isWhole = (crop) => crop.width === 100 && crop.height === 100 && !crop.turn;
  const textOf = (crop) => (!crop ? "auto" : isWhole(crop) ? "none" : [crop.left, crop.top, crop.width, crop.height].map((side) => (side / 100).toFixed(4)).join(",") + (crop.turn ? `,${crop.turn}` : ""));

  form.addEventListener("tray", (event) => {
    form.querySelectorAll("[data-crop]").forEach((field) => field.remove());
    event.detail.forEach((zone) => zone.files.forEach((file) => {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = zone.element.dataset.drop;
      field.value = textOf(crops.get(file));
      field.dataset.crop = "";
      form.append(field);
    }));
  });

  form.addEventListener("tray-item", ({ detail: { file, entry, tools, show } }) => {
    const button = document.createElement("button"), crop = crops.get(file);
    button.type = "button";
    button.textContent = !crop ? "Crop" : isWhole(crop) ? "Whole" : "Cropped";
    button.setAttribute("aria-label", `Crop ${file.name}`);
    button.addEventListener("click", () => open(file, () => { show(); openers.get(file).focus(); }));
    openers.set(file, button);
    tools.prepend(button);
    if (!crop) return;
    entry.classList.add("cropped");
    if (!isWhole(crop)) entry.querySelector("canvas").replaceWith(cropped.get(file));
  });

  async function open(file, done) {
    const dialog = document.createElement("dialog"), before = crops.get(file) ?? { left: 0, top: 0, width: 100, height: 100, turn: 0 };
    dialog.className = "crop-dialog";
    dialog.setAttribute("aria-label", `Crop ${file.name}`);
    document.body.append(dialog);
    const finish = () => { dialog.removeEventListener("close", finish); dialog.remove(); done(); };
    dialog.addEventListener("close", finish);  // by the Escape key
    let picture;
    try { picture = await createImageBitmap(file); } catch {
      dialog.innerHTML = `<p>This browser cannot show the file, so it cannot be cropped here. Ask about it as it is: a painting in a photograph is found by itself, and the answer's page offers to crop again.</p>
        <form method="dialog" class="actions"><button class="main">Close</button></form>`;
      dialog.showModal();
      return;
    }
    dialog.innerHTML = `<div class="crop-editor"><div class="crop-stage"><canvas role="img"></canvas></div>
      <div><div class="crop-preview"><canvas role="img" aria-label="What will be asked about"></canvas></div><div class="crop-fields">
      <label>From the left, %<input type="number" name="left" min="0" max="100" step="any"></label><label>From the top, %<input type="number" name="top" min="0" max="100" step="any"></label>
      <label>Width, %<input type="number" name="width" min="1" max="100" step="any"></label><label>Height, %<input type="number" name="height" min="1" max="100" step="any"></label>
      <label>Turn<select name="turn"><option value="0">not at all</option><option value="1">a quarter clockwise</option><option value="2">upside down</option><option value="3">a quarter anticlockwise</option></select></label></div></div></div>
      <p class="actions"><button type="button" class="main" data-use>Use this crop</button><button type="button" data-turn>Turn</button><button type="button" data-auto>Find the painting for me</button><button type="button" class="quiet" data-cancel>Cancel</button></p>`;
    const canvas = dialog.querySelector("canvas"), small = dialog.querySelector(".crop-preview canvas");
    canvas.setAttribute("aria-label", file.name);
    const scale = Math.min(1, 1000 / Math.max(picture.width, picture.height));
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const fields = Object.fromEntries([...NAMES, "turn"].map((name) => [name, dialog.querySelector(`[name=${name}]`)]));
    [...NAMES, "turn"].forEach((name) => { fields[name].value = before[name]; });
    const preview = (crop, turn) => {
      const w = Math.max(1, canvas.width * crop.width / 100), h = Math.max(1, canvas.height * crop.height / 100), fit = 120 / Math.max(w, h), pen = small.getContext("2d");
      [small.width, small.height] = turn % 2 ? [h * fit, w * fit] : [w * fit, h * fit];
      pen.translate(small.width / 2, small.height / 2);
      pen.rotate(turn * Math.PI / 2);
      pen.drawImage(canvas, canvas.width * crop.left / 100, canvas.height * crop.top / 100, w, h, -w * fit / 2, -h * fit / 2, w * fit, h * fit);
    };
    const trim = edit(dialog.querySelector(".crop-stage"), fields, preview);
    const close = () => { dialog.close(); finish(); };  // at once: the event comes later
    dialog.querySelector("[data-use]").addEventListener("click", () => { crops.set(file, { ...trim(), turn: Number(fields.turn.value) }); cropped.set(file, small); close(); });
    dialog.querySelector("[data-auto]").addEventListener("click", () => { crops.delete(file); close(); });
    dialog.querySelector("[data-turn]").addEventListener("click", () => { fields.turn.value = String((Number(fields.turn.value) + 1) % 4); fields.turn.dispatchEvent(new Event("input")); });
    dialog.querySelector("[data-cancel]").addEventListener("click", close);
    dialog.showModal();
  }
})();
