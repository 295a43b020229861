"use strict";
// The map's points, thumbnails and names on a canvas, fast enough for 100,000 works: points are written as pixels where there
// are many, and which thumbnails fit is worked out once for a zoom and a filter, so that they stay put while the map moves.
const drawing = (() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const [X, Y, ARTIST, WIDTH, HEIGHT, TITLE, DATE, ID, STYLE, EARLIEST, LATEST] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const [NAME, COLOR, SHAPE, CENTRE] = [0, 1, 2, 3];
  const { works, artists, side, across } = data;
  const count = works.length;
  const canvas = byId("map"), pen = canvas.getContext("2d");
  const xs = Float32Array.from(works, (work) => work[X]), ys = Float32Array.from(works, (work) => work[Y]);
  const artistOf = Int32Array.from(works, (work) => work[ARTIST]);
  const shown = new Uint8Array(count).fill(1);  // by the filters
  const placed = { x: new Float32Array(count), y: new Float32Array(count) };  // on the canvas, at the last painting
  const sizes = artists.map(() => 0);
  artistOf.forEach((artist) => sizes[artist]++);
  const bySize = artists.map((_, number) => number).sort((a, b) => sizes[b] - sizes[a]);
  const sheets = [];
  const MAX_NAMES = 45;  // artists named at once
  const AS_PIXELS = 2500;  // from this many points in sight on they are written as pixels
  const FEW_SHEETS = 48, FEW_WORKS = 400;  // with more sheets than this, thumbnails wait until few works are in sight
  const REACH = 24;  // pixels that a marker may take on either side; at the very edge none is written
  const COVERED = 10;  // a thumbnail that would hide more points than this does not fit

  // The map spans -1 to 1 in x and y. `view` is the point in the middle of the canvas, and the zoom relative to the whole map.
  const view = { x: 0, y: 0, zoom: 1 };
  const state = { named: null, picked: -1, filtered: 0, width: 0, height: 0, ratio: 1 };
  let waiting = false, fitting = { key: "", numbers: [] }, stamped = new Map(), pixels = null, mixed = { key: "", colors: [] };
  const order = new Int32Array(count), widths = [];  // the works in sight; the widths of the artists' names

  // At the edge of the whole map there is room for half a thumbnail, or for a marker.
  const unit = () => Math.max(1, Math.min(state.width, state.height) / 2 - Math.max(REACH, thumbnailSide(1) / 2) - 2) * view.zoom;
  const screenX = (x) => state.width / 2 + (x - view.x) * unit();
  const screenY = (y) => state.height / 2 - (y - view.y) * unit();
  const cssColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const packed = (hex, paper, share) => {  // a colour mixed with the paper, as a canvas holds it
    const at = (text, place) => parseInt(text.slice(place, place + 2), 16);
    const channel = (place) => Math.round(share * at(hex, place) + (1 - share) * at(paper, place));
    return ((255 << 24) | (channel(5) << 16) | (channel(3) << 8) | channel(1)) >>> 0;
  };
  const longHex = (color) => (color.length === 4 ? `#${[...color.slice(1)].map((one) => one + one).join("")}` : color);

  function sheetOf(number) {
    const index = Math.floor(number / (across * across));
    if (!sheets[index]) {
      sheets[index] = new Image();
      sheets[index].onload = () => { draw(); canvas.dispatchEvent(new Event("sheet")); };
      sheets[index].src = data.sheets[index];
    }
    return sheets[index];
  }

  function paintThumbnail(target, number, x, y, scale) {
    const sheet = data.sheets.length ? sheetOf(number) : {}, work = works[number], within = number % (across * across);
    if (!sheet.complete || !sheet.naturalWidth) return false;
    target.drawImage(sheet, (within % across) * side, Math.floor(within / across) * side, work[WIDTH], work[HEIGHT],
      x, y, work[WIDTH] * scale, work[HEIGHT] * scale);
    return true;
  }

  // The side of a thumbnail on the canvas: the fewer works are in sight, the larger.
  const thumbnailSide = (zoom) => {
    const room = Math.sqrt(state.width * state.height / Math.max(1, count)) * Math.sqrt(zoom) * 0.75;
    return 8 * Math.round(Math.min(1.25 * side, Math.max(state.width < 600 ? 32 : 40, room)) / 8);
  };

  // The works whose thumbnails fit at this zoom: none overlaps another, and none hides many points.
  function fitThumbnails(size) {
    const level = Math.round(4 * Math.log2(unit())), key = `${size} ${level} ${state.filtered}`;
    if (fitting.key === key) return fitting.numbers;
    const cell = size / 2 ** (level / 4), columns = Math.min(1024, Math.ceil(2.4 / cell) + 3), taken = new Int32Array(columns * columns).fill(-1);
    const points = new Uint16Array(columns * columns), numbers = [];
    const column = (x) => 1 + Math.floor((x + 1.2) / cell) % (columns - 2);  // far points share cells at a high zoom
    const cellOf = (number) => column(ys[number]) * columns + column(xs[number]);
    for (let number = 0; number < count; number++) if (shown[number]) points[cellOf(number)]++;
    for (let number = 0; number < count; number++) {
      if (!shown[number]) continue;
      const at = cellOf(number);
      if (points[at] > COVERED) continue;
      let free = true;
      for (let row = -1; row <= 1 && free; row++) {
        for (let step = -1; step <= 1 && free; step++) {
          const other = taken[at + row * columns + step];
          free = other < 0 || Math.abs(xs[other] - xs[number]) >= cell || Math.abs(ys[other] - ys[number]) >= cell;
        }
      }
      if (free) { taken[at] = number; numbers.push(number); }
    }
    fitting = { key, numbers };
    return numbers;
  }

  function drawMarker(shape, x, y, r) {
    pen.beginPath();
    if (shape === "circle") pen.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === "square") pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    else if (shape === "triangle") { pen.moveTo(x, y - 1.2 * r); pen.lineTo(x + 1.1 * r, y + 0.8 * r); pen.lineTo(x - 1.1 * r, y + 0.8 * r); }
    else { pen.moveTo(x, y - 1.3 * r); pen.lineTo(x + 1.3 * r, y); pen.lineTo(x, y + 1.3 * r); pen.lineTo(x - 1.3 * r, y); }
    pen.fill();
  }

  // The pixels of a marker around its centre, as steps in the picture.
  function stampOf(shape, r) {
    const key = `${shape} ${r.toFixed(1)} ${canvas.width}`;
    if (!stamped.has(key)) {
      const reach = Math.ceil(1.3 * r), inside = { circle: (x, y) => x * x + y * y <= r * r, square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.9 * r,
        triangle: (x, y) => y <= 0.8 * r && y >= -1.2 * r && Math.abs(x) <= 1.1 * r * (y + 1.2 * r) / (2 * r), diamond: (x, y) => Math.abs(x) + Math.abs(y) <= 1.3 * r }[shape];
      const offsets = [];
      for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) if (inside(x, y)) offsets.push(y * canvas.width + x);
      stamped.set(key, Int32Array.from(offsets));
    }
    return stamped.get(key);
  }

  function paintPixels(inside, visible, radius, paper) {
    const { width, height } = canvas, ratio = state.ratio;
    if (!pixels || pixels.width !== width || pixels.height !== height) pixels = pen.createImageData(width, height);
    const buffer = new Uint32Array(pixels.data.buffer);
    const around = Object.fromEntries(["circle", "square", "triangle", "diamond"].map((shape) => [shape, stampOf(shape, radius * ratio)]));
    const stamps = artists.map((artist) => around[artist[SHAPE]]);
    if (mixed.key !== paper) mixed = { key: paper, colors: [0.12, 1].map((share) => Uint32Array.from(artists, (artist) => packed(artist[COLOR], paper, share))) };
    buffer.fill(packed(paper, paper, 1));
    for (const on of visible < inside.length ? [0, 1] : [1]) {
      const colors = mixed.colors[on];
      for (let at = 0; at < inside.length; at++) {
        const number = inside[at];
        if (shown[number] !== on) continue;
        const x = Math.round(placed.x[number] * ratio), y = Math.round(placed.y[number] * ratio);
        if (x < REACH || y < REACH || x >= width - REACH || y >= height - REACH) continue;
        const stamp = stamps[artistOf[number]], color = colors[artistOf[number]], middle = y * width + x;
        for (let place = 0; place < stamp.length; place++) buffer[middle + stamp[place]] = color;
      }
    }
    pen.putImageData(pixels, 0, 0);
  }

  function paintMarkers(inside, radius) {
    for (const on of [0, 1]) {
      pen.globalAlpha = on ? 1 : 0.12;
      for (const number of inside) {
        if (shown[number] !== on) continue;
        const artist = artists[artistOf[number]];
        pen.fillStyle = artist[COLOR];
        drawMarker(artist[SHAPE], placed.x[number], placed.y[number], radius);
      }
    }
    pen.globalAlpha = 1;
  }

  function paint() {
    const ink = cssColor("--ink"), paper = longHex(cssColor("--paper")), { width, height } = state;
    const crowd = count > 20000 ? 0.7 : count > 2000 ? 0.9 : 1.3, radius = Math.min(7, 2.2 * Math.sqrt(view.zoom) * crowd * Math.min(1, Math.max(0.6, width / 700)));
    const scale = unit(), left = width / 2 - view.x * scale, top = height / 2 + view.y * scale;
    let visible = 0, seen = 0;
    for (let number = 0; number < count; number++) {
      const x = left + xs[number] * scale, y = top - ys[number] * scale;
      placed.x[number] = x;
      placed.y[number] = y;
      if (x < -side || y < -side || x > width + side || y > height + side) continue;
      order[seen++] = number;
      visible += shown[number];
    }
    const inside = order.subarray(0, seen);
    if (inside.length > AS_PIXELS) paintPixels(inside, visible, radius, paper);
    else {
      pen.fillStyle = paper;
      pen.fillRect(0, 0, width, height);
      paintMarkers(inside, radius);
    }
    const pictured = paintThumbnails(visible);
    nameArtists(ink, paper, pictured, radius);
    if (state.picked >= 0) paintPicked(state.picked, radius, paper);
    canvas.dataset.painted = String(visible);
    canvas.dataset.pictured = String(pictured.size);
  }

  // The picked work lies above all others, in a thick frame; without a thumbnail its point has a ring.
  function paintPicked(number, radius, paper) {
    const scale = 0.94 * thumbnailSide(view.zoom) / side, w = works[number][WIDTH] * scale, h = works[number][HEIGHT] * scale;
    const x = placed.x[number], y = placed.y[number];
    pen.beginPath();
    if (paintThumbnail(pen, number, x - w / 2, y - h / 2, scale)) pen.rect(x - w / 2 - 2, y - h / 2 - 2, w + 4, h + 4);
    else pen.arc(x, y, radius + 5, 0, 2 * Math.PI);
    for (const [color, width] of [[paper, 9], [cssColor("--accent"), 5]]) {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.stroke();
    }
  }

  function paintThumbnails(visible) {
    const pictured = new Map();  // half the sides of each work's thumbnail
    if (data.sheets.length > FEW_SHEETS && visible > FEW_WORKS) return pictured;
    const size = thumbnailSide(view.zoom), scale = 0.94 * size / side;
    for (const number of fitThumbnails(size)) {
      const work = works[number], w = work[WIDTH] * scale, h = work[HEIGHT] * scale;
      const x = placed.x[number] - w / 2, y = placed.y[number] - h / 2;
      if (x > state.width || y > state.height || x < -w || y < -h || !paintThumbnail(pen, number, x, y, scale)) continue;
      pen.strokeStyle = artists[artistOf[number]][COLOR];
      pen.lineWidth = 1.5;
      pen.strokeRect(x, y, w, h);
      pictured.set(number, [w / 2, h / 2]);
    }
    return pictured;
  }

  // Names stand beside a point or a thumbnail where they hide neither thumbnails nor other names; they have no ground.
  function nameArtists(ink, paper, pictured, radius) {
    const { width, height } = state, names = [];
    const taken = [...pictured].map(([number, half]) => [placed.x[number] - half[0], placed.y[number] - half[1], placed.x[number] + half[0], placed.y[number] + half[1]]);
    const overlaps = (box) => taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1]);
    pen.font = "500 13px Georgia, serif";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const number of bySize) {
      if (names.length >= Math.min(MAX_NAMES, (width * height) / 10000)) break;
      if (state.named !== null && !state.named.has(number)) continue;
      const centre = artists[number][CENTRE], px = placed.x[centre], py = placed.y[centre];
      if (px < 0 || px > width || py < -9 || py > height + 9) continue;
      widths[number] ??= pen.measureText(artists[number][NAME]).width + 6;
      const w = widths[number], [across, down] = pictured.get(centre) ?? [radius, radius];
      const places = [[px + across + 4, py], [px - w / 2, py + down + 10], [px - across - w, py], [px - w / 2, py - down - 10]];
      if (pictured.has(centre)) places.unshift(places.splice(1, 1)[0]);
      const free = places.map(([x, y]) => [Math.max(2, Math.min(width - w, x)), y])  // whole at the edge
        .find(([x, y]) => !overlaps([x, y - 8, x + w, y + 8]));
      if (!free) continue;
      const [x, y] = free;
      taken.push([x, y - 8, x + w, y + 8]);
      names.push(number);
      pen.lineWidth = 4;
      pen.strokeStyle = paper;
      pen.strokeText(artists[number][NAME], x, y);
      pen.fillStyle = ink;
      pen.fillText(artists[number][NAME], x, y);
    }
  }

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }

  function fit() {
    state.ratio = Math.min(2, window.devicePixelRatio || 1);
    state.width = canvas.clientWidth;
    state.height = canvas.clientHeight;
    canvas.width = Math.round(state.width * state.ratio);
    canvas.height = Math.round(state.height * state.ratio);
    pen.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
    paint();  // at once: resizing clears the canvas
  }

  return { byId, data, works, artists, canvas, view, state, shown, placed, side, unit, screenX, screenY, draw, paint, fit, paintThumbnail,
    X, Y, ARTIST, WIDTH, HEIGHT, TITLE, DATE, ID, STYLE, EARLIEST, LATEST, NAME };
})();
