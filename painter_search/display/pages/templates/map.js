"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const [X, Y, ARTIST, WIDTH, HEIGHT, TITLE, DATE, ID, STYLE, EARLIEST, LATEST] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const [NAME, COLOR, SHAPE, CENTRE] = [0, 1, 2, 3];
  const { works, artists, side, across } = data;
  const canvas = byId("map"), pen = canvas.getContext("2d");
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const foldedNames = artists.map((artist) => fold(artist[NAME]));
  const counts = artists.map(() => 0);
  works.forEach((work) => counts[work[ARTIST]]++);
  const bySize = artists.map((_, number) => number).sort((a, b) => counts[b] - counts[a]);
  const sheets = [];
  const MAX_NAMES = 45;  // artists named at once
  const THUMBNAIL_ZOOM = 9, MAX_SPARSE = 80;  // thumbnails are drawn from this zoom on, or for this few works in sight

  // The map spans -1 to 1 in x and y. `view` is the point in the middle of the canvas, and the zoom relative to the
  // whole map.
  const view = { x: 0, y: 0, zoom: 1 };
  let width = 0, height = 0, chosen = null, named = null, picked = -1, waiting = false, order = [], step = -1;

  const unit = () => (Math.min(width, height) / 2.15) * view.zoom;
  const screenX = (x) => width / 2 + (x - view.x) * unit();
  const screenY = (y) => height / 2 - (y - view.y) * unit();
  // The filters beside the `chosen` artists; a work is in a period with all the years that its date allows.
  const filters = { style: "", since: -Infinity, before: Infinity };
  const isShown = (work) => (chosen === null || chosen.has(work[ARTIST])) && (!filters.style || work[STYLE] === filters.style)
    && (filters.since === -Infinity || (work[EARLIEST] !== null && work[EARLIEST] >= filters.since))
    && (filters.before === Infinity || (work[LATEST] !== null && work[LATEST] < filters.before));
  const cssColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

  function sheetOf(number) {
    const index = Math.floor(number / (across * across));
    if (!sheets[index]) {
      sheets[index] = new Image();
      sheets[index].onload = () => { draw(); if (picked >= 0) showCard(); };
      sheets[index].src = data.sheets[index];
    }
    return sheets[index];
  }

  function paintThumbnail(target, number, x, y, scale) {
    const sheet = sheetOf(number), work = works[number], within = number % (across * across);
    if (!sheet.complete || !sheet.naturalWidth) return false;
    target.drawImage(sheet, (within % across) * side, Math.floor(within / across) * side, work[WIDTH], work[HEIGHT],
      x, y, work[WIDTH] * scale, work[HEIGHT] * scale);
    return true;
  }

  function drawMarker(shape, x, y, r) {
    pen.beginPath();
    if (shape === "circle") pen.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === "square") pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    else if (shape === "triangle") { pen.moveTo(x, y - 1.2 * r); pen.lineTo(x + 1.1 * r, y + 0.8 * r); pen.lineTo(x - 1.1 * r, y + 0.8 * r); }
    else { pen.moveTo(x, y - 1.3 * r); pen.lineTo(x + 1.3 * r, y); pen.lineTo(x, y + 1.3 * r); pen.lineTo(x - 1.3 * r, y); }
    pen.fill();
  }

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }

  function paint() {
    const ink = cssColor("--ink"), paper = cssColor("--paper");
    const radius = Math.min(7, 2.2 * Math.sqrt(view.zoom) * (works.length > 2000 ? 0.9 : 1.3) * Math.min(1, Math.max(0.6, width / 700)));
    pen.fillStyle = paper;
    pen.fillRect(0, 0, width, height);
    const inside = [];
    for (const shown of [false, true]) {
      pen.globalAlpha = shown ? 1 : 0.12;
      works.forEach((work, number) => {
        if (isShown(work) !== shown) return;
        const x = screenX(work[X]), y = screenY(work[Y]);
        if (x < -side || y < -side || x > width + side || y > height + side) return;
        if (shown) inside.push(number);
        pen.fillStyle = artists[work[ARTIST]][COLOR];
        drawMarker(artists[work[ARTIST]][SHAPE], x, y, radius);
      });
    }
    pen.globalAlpha = 1;
    let below = 0;
    if (view.zoom >= THUMBNAIL_ZOOM || inside.length <= MAX_SPARSE) {
      const scale = Math.min(1, (18 + 3 * view.zoom) / side);
      below = side * scale / 2 + 10;
      for (const number of inside) {
        const work = works[number], w = work[WIDTH] * scale, h = work[HEIGHT] * scale;
        const x = screenX(work[X]) - w / 2, y = screenY(work[Y]) - h / 2;
        if (!paintThumbnail(pen, number, x, y, scale)) continue;
        pen.strokeStyle = artists[work[ARTIST]][COLOR];
        pen.lineWidth = 2;
        pen.strokeRect(x, y, w, h);
      }
    }
    nameArtists(ink, paper, below);
    if (picked >= 0) {
      pen.strokeStyle = ink;
      pen.lineWidth = 2.5;
      pen.beginPath();
      pen.arc(screenX(works[picked][X]), screenY(works[picked][Y]), radius + 5, 0, 2 * Math.PI);
      pen.stroke();
    }
    canvas.dataset.painted = String(inside.length);
  }

  function nameArtists(ink, paper, below) {
    const taken = [];
    pen.font = "13px Georgia, serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const number of bySize) {
      if (taken.length >= Math.min(MAX_NAMES, (width * height) / 10000)) break;
      if (named !== null && !named.has(number)) continue;
      const centre = works[artists[number][CENTRE]], x = screenX(centre[X]), y = screenY(centre[Y]) + below;
      if (x < 0 || x > width || y < -9 || y > height + 9) continue;
      // Names at the edge move inwards until they are whole.
      const w = pen.measureText(artists[number][NAME]).width + 8;
      const middle = Math.max(w / 2, Math.min(width - w / 2, x));
      const box = [middle - w / 2, y - 9, middle + w / 2, y + 9];
      if (taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      taken.push(box);
      pen.globalAlpha = 0.8;
      pen.fillStyle = paper;
      pen.fillRect(box[0], box[1], w, 18);
      pen.globalAlpha = 1;
      pen.fillStyle = ink;
      pen.fillText(artists[number][NAME], middle, y);
    }
  }

  function pick(number) {
    if (number === picked) return;
    picked = number;
    showCard();
    draw();
  }

  function showCard() {
    byId("card").classList.toggle("shown", picked >= 0);
    if (picked < 0) return;
    const work = works[picked], small = byId("thumbnail");
    small.width = work[WIDTH];
    small.height = work[HEIGHT];
    small.style.width = `${work[WIDTH] * 128 / side}px`;
    paintThumbnail(small.getContext("2d"), picked, 0, 0, 1);
    byId("work").textContent = work[TITLE] + (work[DATE] ? ", " + work[DATE] : "");
    byId("artist").textContent = artists[work[ARTIST]][NAME];
  }

  function nearest(x, y, reach) {
    let best = -1, least = reach * reach;
    works.forEach((work, number) => {
      if (!isShown(work)) return;
      const away = (screenX(work[X]) - x) ** 2 + (screenY(work[Y]) - y) ** 2;
      if (away < least) { least = away; best = number; }
    });
    return best;
  }

  function zoomBy(factor, x = width / 2, y = height / 2) {
    const before = unit(), zoom = Math.min(60, Math.max(0.8, view.zoom * factor));
    view.zoom = zoom;
    // The point under the pointer stays under it.
    view.x += (x - width / 2) * (1 / before - 1 / unit());
    view.y -= (y - height / 2) * (1 / before - 1 / unit());
    draw();
  }

  function moveBy(dx, dy) {
    view.x = Math.min(1.1, Math.max(-1.1, view.x - dx / unit()));
    view.y = Math.min(1.1, Math.max(-1.1, view.y + dy / unit()));
    draw();
  }

  function showWhole() {
    Object.assign(view, { x: 0, y: 0, zoom: 1 });
    draw();
  }

  function stepBy(by) {
    if (!order.length) {
      order = works.map((_, number) => number).filter((number) => isShown(works[number]));
      const away = (n) => (works[n][X] - view.x) ** 2 + (works[n][Y] - view.y) ** 2;
      order.sort((a, b) => away(a) - away(b));
      step = by > 0 ? -1 : 0;
    }
    if (!order.length) return;
    step = (step + by + order.length) % order.length;
    const work = works[order[step]], x = screenX(work[X]), y = screenY(work[Y]);
    if (x < 0 || y < 0 || x > width || y > height) Object.assign(view, { x: work[X], y: work[Y] });
    pick(order[step]);
  }

  function choose(numbers) {
    chosen = numbers;
    order = [];
    if (picked >= 0 && !isShown(works[picked])) pick(-1);
    const found = works.filter(isShown);
    named = found.length < works.length ? new Set(found.map((work) => work[ARTIST])) : null;
    let text = "";
    if (chosen !== null && !chosen.size) text = "No artist of that name.";
    else if (chosen !== null || named !== null) {
      text = `${found.length} work${found.length === 1 ? "" : "s"} by ${named?.size ?? chosen.size} artist${(named?.size ?? chosen.size) === 1 ? "" : "s"}`;
    }
    byId("status").textContent = text;
    draw();
  }

  function filter() {
    const name = fold(byId("filter").value.trim());
    const exact = foldedNames.flatMap((one, number) => (one === name ? [number] : []));
    const found = exact.length ? exact : foldedNames.flatMap((one, number) => (one.includes(name) ? [number] : []));
    const year = (id, otherwise) => (/^-?\d{1,4}$/.test(byId(id)?.value.trim() ?? "") ? Number(byId(id).value) : otherwise);
    Object.assign(filters, { style: byId("style")?.value ?? "", since: year("since", -Infinity), before: year("before", Infinity) });
    choose(name ? new Set(found) : null);
  }

  function fit() {
    const ratio = window.devicePixelRatio || 1;
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint();  // at once: resizing clears the canvas
  }

  const pointers = new Map();
  let travelled = 0;
  const at = (event) => [event.offsetX, event.offsetY];
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) travelled = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event), before = pointers.get(event.pointerId);
    if (!before) { pick(nearest(...now, 14)); return; }
    if (pointers.size === 1) moveBy(now[0] - before[0], now[1] - before[1]);
    else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      zoomBy(spread(now) / spread(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
  });
  const open = () => { if (data.address && picked >= 0) location.href = data.address + works[picked][ID]; };
  const release = (event) => {
    if (event.type === "pointerup" && pointers.size === 1 && travelled < 8) {
      const before = picked;
      pick(nearest(...at(event), 24));
      if (picked === before) open();
    }
    pointers.delete(event.pointerId);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse" && !pointers.size) pick(-1); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...at(event));
  }, { passive: false });
  const keys = {
    ArrowLeft: () => moveBy(60, 0), ArrowRight: () => moveBy(-60, 0), ArrowUp: () => moveBy(0, 60), ArrowDown: () => moveBy(0, -60),
    "+": () => zoomBy(1.4), "=": () => zoomBy(1.4), "-": () => zoomBy(1 / 1.4), 0: showWhole,
    n: () => stepBy(1), p: () => stepBy(-1), Enter: open, Escape: () => { order = []; pick(-1); },
  };
  canvas.addEventListener("keydown", (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  byId("nearer").addEventListener("click", () => zoomBy(1.4));
  byId("farther").addEventListener("click", () => zoomBy(1 / 1.4));
  byId("whole").addEventListener("click", showWhole);
  ["filter", "style", "since", "before"].forEach((id) => byId(id)?.addEventListener("input", filter));
  document.querySelectorAll("[data-artist]").forEach((button) => button.addEventListener("click", () => {
    byId("filter").value = artists[Number(button.dataset.artist)][NAME];
    choose(new Set([Number(button.dataset.artist)]));
    canvas.scrollIntoView({ block: "nearest" });
  }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  byId("interactive").hidden = false;
  fit();
  new ResizeObserver(fit).observe(canvas);
})();
