"use strict";
// The map's controls: moving and zooming, pointing, filters, keys, and the card of a work.
(() => {
  const { byId, data, works, artists, canvas, view, state, shown, placed, side, unit, screenX, screenY, draw, paint, fit, paintThumbnail,
    X, Y, ARTIST, WIDTH, HEIGHT, TITLE, DATE, ID, STYLE, EARLIEST, LATEST, NAME } = drawing;
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const foldedNames = artists.map((artist) => fold(artist[NAME]));
  let chosen = null, order = [], step = -1;
  // The filters beside the `chosen` artists; a work is in a period with all the years that its date allows.
  const filters = { style: "", since: -Infinity, before: Infinity };
  const passes = (work) => (chosen === null || chosen.has(work[ARTIST])) && (!filters.style || work[STYLE] === filters.style)
    && (filters.since === -Infinity || (work[EARLIEST] !== null && work[EARLIEST] >= filters.since))
    && (filters.before === Infinity || (work[LATEST] !== null && work[LATEST] < filters.before));

  function pick(number) {
    if (number === state.picked) return;
    state.picked = number;
    showCard();
    draw();
  }

  function showCard() {
    const number = state.picked;
    byId("card").classList.toggle("shown", number >= 0);
    if (number < 0) return;
    const work = works[number], small = byId("thumbnail");
    small.width = work[WIDTH];
    small.height = work[HEIGHT];
    small.style.width = `${work[WIDTH] * 128 / side}px`;
    paintThumbnail(small.getContext("2d"), number, 0, 0, 1);
    byId("work").textContent = work[TITLE] + (work[DATE] ? ", " + work[DATE] : "");
    byId("artist").textContent = artists[work[ARTIST]][NAME];
  }

  function nearest(x, y, reach) {
    let best = -1, least = reach * reach;
    for (let number = 0; number < works.length; number++) {
      if (!shown[number]) continue;
      const away = (placed.x[number] - x) ** 2 + (placed.y[number] - y) ** 2;
      if (away < least) { least = away; best = number; }
    }
    return best;
  }

  function zoomBy(factor, x = state.width / 2, y = state.height / 2) {
    const before = unit();
    view.zoom = Math.min(120, Math.max(0.8, view.zoom * factor));
    // The point under the pointer stays under it.
    view.x += (x - state.width / 2) * (1 / before - 1 / unit());
    view.y -= (y - state.height / 2) * (1 / before - 1 / unit());
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

  // Zooms out to the works that the filters show, unless all are in sight.
  function bringIntoSight() {
    const found = works.filter((_, number) => shown[number]);
    const [left, right, bottom, top] = [[X, 1], [X, -1], [Y, 1], [Y, -1]].map(([axis, sign]) =>
      found.reduce((least, work) => Math.min(least, sign * work[axis]), Infinity) * sign);
    if (!found.length || (screenX(left) >= 0 && screenX(right) <= state.width && screenY(top) >= 0 && screenY(bottom) <= state.height)) return;
    const fitting = 0.85 * Math.min(state.width / (right - left), state.height / (top - bottom)) * view.zoom / unit();
    Object.assign(view, { x: (left + right) / 2, y: (bottom + top) / 2, zoom: Math.max(0.8, Math.min(view.zoom, fitting)) });
  }

  function stepBy(by) {
    if (!order.length) {
      order = works.map((_, number) => number).filter((number) => shown[number]);
      const away = (n) => (works[n][X] - view.x) ** 2 + (works[n][Y] - view.y) ** 2;
      order.sort((a, b) => away(a) - away(b));
      step = by > 0 ? -1 : 0;
    }
    if (!order.length) return;
    step = (step + by + order.length) % order.length;
    const work = works[order[step]], x = screenX(work[X]), y = screenY(work[Y]);
    if (x < 0 || y < 0 || x > state.width || y > state.height) Object.assign(view, { x: work[X], y: work[Y] });
    pick(order[step]);
  }

  function choose(numbers) {
    chosen = numbers;
    order = [];
    const named = new Set();
    let found = 0;
    works.forEach((work, number) => {
      shown[number] = passes(work) ? 1 : 0;
      if (shown[number]) { found++; named.add(work[ARTIST]); }
    });
    state.filtered++;
    if (state.picked >= 0 && !shown[state.picked]) pick(-1);
    state.named = found < works.length ? named : null;
    let text = "";
    if (chosen !== null && !chosen.size) text = "No artist of that name.";
    else if (chosen !== null || state.named !== null) {
      text = `${found} work${found === 1 ? "" : "s"} by ${named.size} artist${named.size === 1 ? "" : "s"}`;
    }
    byId("status").textContent = text;
    if (state.named !== null) bringIntoSight();
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
    if (!before) { pick(nearest(...now, 20)); return; }
    if (pointers.size === 1) moveBy(now[0] - before[0], now[1] - before[1]);
    else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      zoomBy(spread(now) / spread(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
  });
  const open = () => { if (data.address && state.picked >= 0) location.href = data.address + works[state.picked][ID]; };
  const release = (event) => {
    if (event.type === "pointerup" && pointers.size === 1 && travelled < 8) {
      const before = state.picked;
      pick(nearest(...at(event), 30));
      if (state.picked === before) open();
    }
    pointers.delete(event.pointerId);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse" && !pointers.size) pick(-1); });
  let hinting = 0;
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) {  // the wheel alone scrolls the page
      byId("hint").hidden = false;
      clearTimeout(hinting);
      hinting = setTimeout(() => { byId("hint").hidden = true; }, 1200);
      return;
    }
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025)), ...at(event));
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
  canvas.addEventListener("sheet", () => { if (state.picked >= 0) showCard(); });
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
  matchMedia("print").addEventListener("change", paint);  // at once: no frame is drawn for paper
  byId("interactive").hidden = false;
  const asked = data.work === undefined ? -1 : works.findIndex((work) => work[ID] === data.work);
  if (asked >= 0) Object.assign(view, { x: works[asked][X], y: works[asked][Y], zoom: 3 });
  fit();
  if (asked >= 0) {
    pick(asked);
    canvas.scrollIntoView({ block: "nearest" });
  }
  else if (data.work !== undefined) byId("status").textContent = "This work is not in the map's sample.";
  new ResizeObserver(fit).observe(canvas);
})();
