"use strict";
// Two compared pictures are zoomed and moved in step: Ctrl and the wheel, two fingers, dragging, the buttons; keys.js presses these.
(() => {
  const stages = [...document.querySelectorAll("[data-stage]")];
  if (!stages.length) return;
  const view = { zoom: 1, x: 0, y: 0 };  // x and y: the shift as a share of the stage's sides, 1 - zoom to 0

  function apply() {
    stages.forEach((stage) => {
      const layer = stage.querySelector(".layer");
      layer.style.transform = view.zoom === 1 ? "" : `translate(${view.x * layer.offsetWidth}px, ${view.y * layer.offsetHeight}px) scale(${view.zoom})`;
      layer.style.setProperty("--zoom", view.zoom);
      stage.classList.toggle("zoomed", view.zoom > 1);
    });
  }
  function settle() {
    view.x = Math.min(0, Math.max(1 - view.zoom, view.x));
    view.y = Math.min(0, Math.max(1 - view.zoom, view.y));
    apply();
  }
  function zoomBy(factor, at = [0.5, 0.5]) {
    const zoom = factor === 0 ? 1 : Math.min(8, Math.max(1, view.zoom * factor));
    view.x = at[0] - (at[0] - view.x) * zoom / view.zoom;
    view.y = at[1] - (at[1] - view.y) * zoom / view.zoom;
    view.zoom = zoom;
    settle();
  }
  const within = (stage, event) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  // A part that gets the focus by keyboard is moved into sight, in both pictures.
  function bringIntoSight(part) {
    const layer = part.closest(".layer"), sides = [["x", part.offsetLeft / layer.offsetWidth], ["y", part.offsetTop / layer.offsetHeight]];
    for (const [axis, place] of sides) {
      const at = view[axis] + place * view.zoom;
      if (at < 0.05 || at > 0.95) view[axis] = 0.5 - place * view.zoom;
    }
    settle();
  }
  stages.forEach((stage) => {
    stage.querySelectorAll(".part").forEach((part) => part.addEventListener("focus", () => bringIntoSight(part)));
    const pointers = new Map();
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;  // the wheel alone scrolls the page
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY * 0.0025), within(stage, event));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, within(stage, event));
      if (view.zoom > 1) stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId), now = within(stage, event);
      if (!before) return;
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 0.01;
        zoomBy(spread(now) / spread(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
      } else if (view.zoom > 1) {
        view.x += now[0] - before[0];
        view.y += now[1] - before[1];
        settle();
      }
      pointers.set(event.pointerId, now);
    });
    ["pointerup", "pointercancel", "pointerleave"].forEach((name) => stage.addEventListener(name, (event) => pointers.delete(event.pointerId)));
    stage.querySelectorAll("img").forEach((image) => { image.draggable = false; });
  });
  document.querySelectorAll("[data-zoom]").forEach((tools) => { tools.hidden = false; });
  document.querySelectorAll("[data-by]").forEach((button) => button.addEventListener("click", () => zoomBy(Number(button.dataset.by))));
})();
