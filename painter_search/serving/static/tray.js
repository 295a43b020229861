"use strict";
// The upload tray: files that are chosen, dropped, pasted or photographed are added, shown and taken away one by one; they
// are sent with their progress, and what is wrong with them is said in place. Without it the form is sent as it is.
(() => {
  const form = document.querySelector("[data-ask]");
  if (!form) return;
  const find = (name) => form.querySelector(`[data-${name}]`);
  const status = find("status"), button = find("submit"), reset = find("reset"), progress = find("progress");
  const problem = document.querySelector("[data-problem]"), label = button.textContent, maxBytes = Number(form.dataset.ask), maxEach = Number(form.dataset.each), most = Number(form.dataset.most);
  const drawings = new WeakMap();  // of files: their thumbnails, drawn once
  const isPicture = (file) => file.type.startsWith("image/") || !file.type;
  const megabytes = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${Math.round(bytes / 1e6)} MB`);

  const zones = [...form.querySelectorAll("[data-drop]")].map((element) => {
    const [main, camera] = element.querySelectorAll("input[type=file]");
    return { element, main, camera, files: [], list: element.querySelector("[data-chosen]") };
  });

  function add(zone, files) {
    const known = (file) => zone.files.some((one) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified);
    zone.files.push(...[...files].filter((file) => !known(file)));
    show();
  }

  function keep(zone) {  // the form is sent with the input's own files, also where this script does not send it
    const all = new DataTransfer();
    zone.files.forEach((file) => all.items.add(file));
    zone.main.files = all.files;
  }

  function excess(bytes) {  // said before anything is sent
    const files = zones.flatMap((zone) => zone.files), large = files.find((file) => file.size > maxEach), full = zones.find((zone) => zone.files.length > most);
    if (large) return `${large.name} has ${megabytes(large.size)}, and a file at most ${megabytes(maxEach)}: remove it.`;
    if (full) return `${full.files.length} of at most ${most} files: take some away, and ask about them next.`;
    return bytes > maxBytes ? `${megabytes(bytes)} of ${megabytes(maxBytes)}: take some away, and ask about them next.` : "";
  }

  function show() {
    zones.forEach((zone) => {
      keep(zone);
      zone.list.replaceChildren(...zone.files.map((file) => item(zone, file)));
    });
    const files = zones.flatMap((zone) => zone.files), bytes = files.reduce((total, file) => total + file.size, 0);
    reset.hidden = !files.length;
    button.textContent = files.length && form.dataset.verb ? `${form.dataset.verb} ${files.length} ${form.dataset.noun}${files.length === 1 ? "" : "s"}` : label;
    const tooMuch = excess(bytes);
    button.disabled = tooMuch !== "";
    status.textContent = tooMuch || (files.length ? `${files.length} chosen, ${megabytes(bytes)} of ${megabytes(maxBytes)}.` : "");
    form.dispatchEvent(new CustomEvent("tray", { detail: zones }));
  }

  function item(zone, file) {
    const entry = document.createElement("li"), tools = document.createElement("div"), away = document.createElement("button");
    if (!drawings.has(file)) drawings.set(file, thumbnail(file));
    entry.classList.toggle("bad", file.size > maxEach);
    tools.className = "tools";
    away.type = "button";
    away.textContent = "Remove";
    away.setAttribute("aria-label", `Remove ${file.name}`);
    away.addEventListener("click", () => {
      const number = zone.files.indexOf(file);
      zone.files.splice(number, 1);
      show();
      (zone.list.querySelectorAll("[data-away]")[Math.min(number, zone.files.length - 1)] ?? zone.main).focus();
    });
    away.dataset.away = "";
    tools.append(away);
    entry.append(drawings.get(file), document.createTextNode(file.name), tools);
    form.dispatchEvent(new CustomEvent("tray-item", { detail: { file, entry, tools, show } }));
    return entry;
  }

  function thumbnail(file) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    createImageBitmap(file, { resizeHeight: 180, resizeQuality: "medium" }).then((picture) => {
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0);
      picture.close();
    }).catch(() => { canvas.hidden = true; });  // a format that browsers cannot show; the server may well read it
    return canvas;
  }

  function complain(sentence, reasons = []) {
    problem.querySelector("p").textContent = sentence;
    problem.querySelector("ul")?.remove();
    if (reasons.length) {
      const list = document.createElement("ul");
      list.append(...reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
      problem.append(list);
    }
    problem.hidden = !sentence && !reasons.length;
    if (!problem.hidden) problem.scrollIntoView({ block: "nearest" });
  }

  function send() {
    const request = new XMLHttpRequest(), files = zones.flatMap((zone) => zone.files), many = files.length > 1;
    request.open("POST", form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", (event) => {
      progress.value = event.lengthComputable ? 100 * event.loaded / event.total : undefined;
      if (event.loaded === event.total) status.textContent = many ? `Looking at ${files.length} paintings …` : "Looking at the painting …";
    });
    request.addEventListener("load", () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const said = request.response?.querySelector("[role=alert]");
      complain(said?.querySelector("p")?.textContent || said?.textContent.trim() || "There was no answer; try again.",
        [...(said?.querySelectorAll("li") ?? [])].map((one) => one.textContent));
      finish();
    });
    request.addEventListener("error", async () => { complain(await whyUnsent(files)); finish(); });
    complain("");
    button.disabled = true;
    progress.hidden = false;
    status.textContent = "Sending …";
    request.send(new FormData(form));
  }

  async function whyUnsent(files) {
    for (const file of files) {
      try { await file.slice(0, 1).arrayBuffer(); } catch { return `${file.name} has changed or cannot be read; remove it and choose it again.`; }
    }
    return "The server cannot be reached; is it still running?";
  }

  function finish() {
    progress.hidden = true;
    show();
  }

  zones.forEach((zone) => [zone.main, zone.camera].forEach((input) => input?.addEventListener("change", () => {
    const files = [...input.files];
    if (input === zone.camera) input.value = "";
    add(zone, files);
  })));
  form.addEventListener("reset", () => setTimeout(() => {
    zones.forEach((zone) => { zone.files = []; });
    complain("");
    show();
    zones[0].main.focus();
  }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const empty = zones.find((zone) => !zone.files.length);
    if (empty) { status.textContent = "Choose a painting first."; empty.main.focus(); return; }
    send();
  });

  // Files dropped outside the zones, or pasted, go into the first empty zone.
  const zoneOf = (event) => zones.find((zone) => zone.element.contains(event.target)) || zones.find((zone) => !zone.files.length) || zones[0];
  function take(event, transfer) {
    const items = [...transfer.items].filter((one) => one.kind === "file"), files = items.filter((one) => !one.webkitGetAsEntry()?.isDirectory);
    const pictures = files.map((one) => one.getAsFile()).filter(isPicture);
    if (pictures.length) add(zoneOf(event), pictures);
    if (files.length < items.length) { status.textContent = "A folder cannot be sent; choose the pictures in it."; return; }
    if (!pictures.length) { status.textContent = "No picture was dropped or pasted."; return; }
    if (zones.every((zone) => zone.files.length)) button.focus();
  }
  function highlight(event) {
    event.preventDefault();
    zones.forEach((zone) => zone.element.classList.toggle("over", event.type === "dragover" && zone === zoneOf(event)));
  }
  document.addEventListener("dragover", highlight);
  document.addEventListener("dragleave", highlight);
  document.addEventListener("drop", (event) => { highlight(event); take(event, event.dataTransfer); });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); take(event, event.clipboardData); }
  });

  form.classList.add("scripted");
  form.noValidate = true;
  form.querySelectorAll("[data-hint]").forEach((hint) => { hint.hidden = false; });
  const camera = find("camera");
  if (camera && !matchMedia("(pointer: coarse)").matches) camera.hidden = true;
  addEventListener("pageshow", () => {  // going back in the history restores the form, filled in
    button.disabled = false;
    form.querySelectorAll("details").forEach((details) => {
      details.open ||= [...details.querySelectorAll("input, select")].some((field) => field.value && field.value !== field.defaultValue && field.type !== "hidden");
    });
    zones.forEach((zone) => { if (zone.main.files.length && !zone.files.length) zone.files = [...zone.main.files]; });
    show();
  });
})();
