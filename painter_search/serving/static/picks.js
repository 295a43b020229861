"use strict";
// Works that are ticked for a comparison wait in a tray at the foot of the window, across pages of this tab.
(() => {
  const KEY = "painter_search picks", home = document.querySelector(".top .mark");
  if (!home) return;
  const root = new URL(home.href).pathname;
  const boxes = [...document.querySelectorAll("[data-pick]")];
  let picks = [];
  try { picks = JSON.parse(sessionStorage.getItem(KEY)) || []; } catch { /* storage is switched off: this page only */ }

  const tray = document.createElement("aside");
  tray.className = "picks";
  tray.setAttribute("aria-label", "Chosen for a comparison");
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
    const list = document.createElement("ul");
    list.append(...picks.map((pick) => {
      const item = document.createElement("li"), button = document.createElement("button"), image = document.createElement("img");
      image.src = pick.picture;
      image.alt = "";
      button.type = "button";
      button.setAttribute("aria-label", `Take away ${pick.name}`);
      button.title = pick.name;
      button.append(image);
      button.addEventListener("click", () => toggle(pick, false));
      item.append(button);
      return item;
    }));
    const words = document.createElement("p");
    words.setAttribute("role", "status");
    words.textContent = picks.length === 1 ? "Choose one more to compare." : picks.length > 2 ? "Take away all but two." : "";
    const link = document.createElement("a");
    link.className = "button main";
    link.textContent = "Compare";
    link.href = `${root}compare?${picks.map((one) => `painting=${encodeURIComponent(one.id)}`).join("&")}`;
    link.hidden = picks.length !== 2;
    const clear = document.createElement("button");
    clear.type = "button";
    clear.className = "quiet";
    clear.textContent = "Clear";
    clear.addEventListener("click", () => { picks.forEach((one) => toggle(one, false)); });
    tray.replaceChildren(list, words, link, clear);
  }

  const pickOf = (box) => ({ id: box.value, picture: box.dataset.pick, name: box.dataset.name });
  const early = boxes.filter((box) => box.checked && !picks.some((one) => one.id === box.value));
  early.forEach((box) => toggle(pickOf(box), true));  // ticked before this script ran
  boxes.forEach((box) => box.addEventListener("change", () => toggle(pickOf(box), box.checked)));
  document.querySelectorAll("[data-picks-form]").forEach((button) => { button.hidden = true; });  // the tray compares instead
  addEventListener("pageshow", show);
  show();
})();
