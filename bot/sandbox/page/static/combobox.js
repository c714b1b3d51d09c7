// A list to choose from by typing or by arrow keys, one or several: every select menu of Block Kit.
// Follows the ARIA authoring practices' "combobox with list autocomplete".

import { fill, freshId, h, icon } from "./dom.js";
import { emojify } from "./emoji.js";

const label = (option) => emojify(option.text.text);

/**
 * `load(query)` gives options; `onChange(options)` hears of each choice, and may resolve to false: not so.
 * `selected` is what is chosen at first.
 */
export function combobox({ load, onChange, selected = [], multiple = false, max = 100, minQuery = 0, placeholder, names, focusKey }) {
  let chosen = [...selected];
  let shown = [];
  let active = -1;
  let asked = 0;
  const listId = freshId("list");

  const input = h("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder, data: { focus: focusKey },
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", ...names,
  });
  const list = h("ul", { id: listId, class: "options", role: "listbox", "aria-label": placeholder || "Options", "aria-multiselectable": multiple ? "true" : null, hidden: true });
  const chips = h("span", { class: "chips" });
  const root = h("div", { class: multiple ? "combo combo-multi" : "combo" }, chips, input, icon("chevron"), list);
  root.querySelector(".icon").classList.add("combo-arrow");

  function showChosen() {
    if (!multiple) {
      input.value = chosen[0] ? label(chosen[0]) : "";
      return;
    }
    fill(chips, chosen.map((option) =>
      h("span", { class: "chip" }, label(option),
        h("button", { type: "button", class: "chip-x", "aria-label": `Remove ${label(option)}`, on: { click: () => toggle(option) } }, "×"))));
  }

  async function toggle(option) {
    const before = chosen;
    const has = chosen.some((each) => each.value === option.value);
    if (!multiple) chosen = [option];
    else if (has) chosen = chosen.filter((each) => each.value !== option.value);
    else if (chosen.length < max) chosen = [...chosen, option];
    showChosen();
    if ((await onChange(chosen)) !== false) return;
    chosen = before;
    showChosen();
  }

  function pick(option) {
    if (multiple) input.value = "";
    toggle(option);
    if (multiple) open();
    else close();
  }

  async function open() {
    asked += 1;
    const mine = asked;
    const query = !multiple && chosen[0] && input.value === label(chosen[0]) ? "" : input.value.trim();
    if (query.length < minQuery) return say(minQuery === 1 ? "Type to search" : `Type ${minQuery} characters to search`);
    if (!shown.length) say("Loading…");
    const found = await load(query);
    if (mine !== asked || document.activeElement !== input) return undefined;
    return draw(found);
  }

  function say(words) {
    shown = [];
    active = -1;
    input.removeAttribute("aria-activedescendant");
    fill(list, h("li", { class: "options-note", role: "option", "aria-disabled": "true", "aria-selected": "false" }, words));
    reveal();
  }

  function draw(found) {
    shown = found;
    if (!shown.length) return say("Nothing found");
    fill(list, shown.map(drawOption));
    reveal();
    return move(0, true);
  }

  function drawOption(option) {
    const isChosen = chosen.some((each) => each.value === option.value);
    return h("li", {
      role: "option", id: freshId("option"), "aria-selected": isChosen ? "true" : "false", class: "option",
      on: { pointerdown: (event) => event.preventDefault(), click: () => pick(option) },
    },
    h("span", {}, label(option)),
    option.description ? h("span", { class: "option-more" }, emojify(option.description.text)) : null);
  }

  function reveal() {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    const box = input.getBoundingClientRect();
    const below = window.innerHeight - box.bottom;
    const height = Math.min(280, Math.max(below, box.top) - 16);
    list.style.maxHeight = `${height}px`;
    list.style.width = `${Math.max(root.offsetWidth, 220)}px`;
    list.style.left = `${Math.max(8, Math.min(root.getBoundingClientRect().left, window.innerWidth - Math.max(root.offsetWidth, 220) - 8))}px`;
    list.style.top = below < 200 && box.top > below ? `${box.top - Math.min(height, list.scrollHeight) - 4}px` : `${box.bottom + 4}px`;
  }

  function close() {
    asked += 1;
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function move(to, quietly = false) {
    const options = [...list.querySelectorAll(".option")];
    if (!options.length) return;
    active = quietly && input.value === "" ? -1 : (to + options.length) % options.length;
    options.forEach((option, index) => option.classList.toggle("active", index === active));
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function onKey(event) {
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) open();
      else move(event.key === "ArrowDown" ? active + 1 : active < 0 ? -1 : active - 1);
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      if (shown[active]) pick(shown[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
      showChosen();
    } else if (event.key === "Backspace" && multiple && !input.value && chosen.length) {
      toggle(chosen.at(-1));
    }
  }

  let wait = null;
  input.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(open, 80);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("click", () => {
    if (list.hidden) {
      input.select();
      open();
    }
  });
  input.addEventListener("blur", () => {
    close();
    if (multiple) input.value = "";
    else showChosen();
  });
  showChosen();
  return root;
}
