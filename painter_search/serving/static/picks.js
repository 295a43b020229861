"use strict";
// Works that are ticked for a comparison wait in a tray at the foot of the window, across pages of this tab.
(() => {
  const home = document.querySelector(".top .mark");
  if (!home) return;
  const root = new URL(home.href).pathname, KEY = `painter_search picks ${root}`;
  const boxes = [...document.querySelectorAll("[data-pick]")];
  const indexOf = (picture) => picture.split("/").at(-2);  // its digest: another index has other works under the same ids
  let picks = [];
  try { picks = JSON.parse(sessionStorage.getItem(KEY)) || []; } catch { /* storage is switched off: this page only */ }
  if (boxes.length) picks = picks.filter((one) => indexOf(one.picture) === indexOf(boxes[0].dataset.pick));

  const tray = document.createElement("aside"), list = document.createElement("ul"), words = document.createElement("p");
  const link = document.createElement("a"), clear = document.createElement("button");
  tray.className = "picks";
  tray.setAttribute("aria-label", "Chosen for a comparison");
  words.setAttribute("role", "status");
  link.className = "button main";
  link.textContent = "Compare";
  clear.type = "button";
  clear.className = "quiet";
  clear.textContent = "Clear";
  clear.addEventListener("click", () => { picks.slice().forEach((one) => toggle(one, false)); (boxes[0] ?? home).focus({ preventScroll: true }); });
  tray.append(list, words, link, clear);
  document.body.append(tray);

  function toggle(pick, on) {
    picks = picks.filter((one) => one.id !== pick.id);
    if (on) picks.push(pick);
    try { sessionStorage.setItem(KEY, JSON.stringify(picks)); } catch { /* as above */ }
    show();
  }

  function show() {
    boxes.forEach((box) => { box.checked = picks.some((one) => one.id === box.value); });
    tray.hidden = !picks.length;
    document.body.classList.toggle("with-picks", picks.length > 0);
    list.replaceChildren(...picks.map((pick, number) => {
      const item = document.createElement("li"), button = document.createElement("button"), image = document.createElement("img");
      image.src = pick.picture;
      image.alt = "";
      button.type = "button";
      button.setAttribute("aria-label", `Take away ${pick.name}`);
      button.title = pick.name;
      button.append(image);
      button.addEventListener("click", () => {
        toggle(pick, false);
        ([...list.querySelectorAll("button")].at(Math.min(number, picks.length - 1)) ?? boxes[0] ?? home).focus({ preventScroll: true });
      });
      item.append(button);
      return item;
    }));
    words.textContent = picks.length === 1 ? "Choose one more to compare." : picks.length > 2 ? "Take away all but two." : "";
    link.hidden = picks.length !== 2;
    if (!link.hidden) link.href = `${root}compare?${picks.map((one) => `painting=${encodeURIComponent(one.id)}`).join("&")}&index=${indexOf(picks[0].picture)}`;
  }

  const pickOf = (box) => ({ id: box.value, picture: box.dataset.pick, name: box.dataset.name });
  const early = boxes.filter((box) => box.checked && !picks.some((one) => one.id === box.value));
  early.forEach((box) => toggle(pickOf(box), true));  // ticked before this script ran
  boxes.forEach((box) => box.addEventListener("change", () => toggle(pickOf(box), box.checked)));
  document.querySelectorAll("[data-picks-form]").forEach((button) => { button.hidden = true; });  // the tray compares instead
  addEventListener("pageshow", show);
  show();
})();
