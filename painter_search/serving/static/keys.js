"use strict";
// Keys: / searches, j and k go to the next and the previous, p shows the matching parts, + − 0 zoom, ? lists the keys and switches them off.
(() => {
  const OFF = "painter_search keys off";
  const isOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
  const steps = () => [...document.querySelectorAll("[data-step], .works figure")].filter((one) => one.checkVisibility())
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);  // a sorted table is in another order
  const focusable = (step) => (step.matches("a, summary") ? step : step.querySelector("a[href], summary, input"));
  let last = null;

  function stepBy(by) {
    const all = steps();
    if (!all.length) return;
    const here = all.indexOf(last && last.isConnected ? last : document.activeElement.closest("[data-step], .works figure"));
    last = all[Math.max(0, Math.min(all.length - 1, here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by))];
    focusable(last)?.focus({ preventScroll: true });
    last.scrollIntoView({ block: "nearest" });
  }

  function search() {
    const field = document.querySelector("input[type=search], #filter");
    if (field) { field.focus(); field.select(); } else location.href = document.querySelector(".top a[href$='/artists']").href;
  }

  function parts() {
    const shown = document.querySelector("#parts, .artist-parts > summary, a[href*='&painting=']");
    if (shown) { shown.focus(); shown.click(); }
  }

  function help() {
    let dialog = document.querySelector("dialog.keys-help");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "keys-help";
      dialog.setAttribute("aria-label", "Keys");
      dialog.innerHTML = `<h2>Keys</h2><dl class="facts"><dt><kbd>/</kbd></dt><dd>search the artists</dd><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous</dd>
        <dt><kbd>p</kbd></dt><dd>parts that match</dd><dt><kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd></dt><dd>zoom compared pictures</dd><dt><kbd>?</kbd></dt><dd>this list</dd></dl>
        <p><label class="choice"><input type="checkbox"> Use these keys</label></p><p><button type="button">Close</button></p>`;
      const box = dialog.querySelector("input");
      box.checked = !isOff();
      box.addEventListener("change", () => { try { localStorage.setItem(OFF, box.checked ? "0" : "1"); } catch { /* storage is switched off */ } });
      dialog.querySelector("button").addEventListener("click", () => dialog.close());
      document.body.append(dialog);
    }
    dialog.showModal();
  }

  const zoom = (by) => () => document.querySelector(`[data-by='${by}']`)?.click();
  const keys = { "/": search, j: () => stepBy(1), k: () => stepBy(-1), p: parts, "+": zoom(1.4), "=": zoom(1.4), "-": zoom(0.714), 0: zoom(0) };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, canvas") || document.querySelector("dialog[open]")) return;
    const act = event.key === "?" ? help : isOff() ? null : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.querySelectorAll("[data-keys]").forEach((button) => { button.hidden = false; button.addEventListener("click", help); });
})();
