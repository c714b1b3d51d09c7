// Block elements that a person can use: each reports what was chosen, as Slack would send it.

import { combobox } from "./combobox.js";
import { confirmed } from "./confirm.js";
import { freshId, h, icon } from "./dom.js";
import { emojify } from "./emoji.js";
import { mrkdwn, plain, safeUrl } from "./mrkdwn.js";

/** `form` says how an input block presents the element: its label, and that it waits for the submit button. */
export function drawElement(element, blockId, surface, form = {}) {
  const draw = DRAW[element.type];
  if (!draw) return h("span", { class: "undrawable" }, `This page cannot draw an element of type “${element.type}”. Slack would.`);
  return draw(element, new Use(element, blockId, surface, form));
}

/** One element on one surface: its names for screen readers, what is chosen, and telling the app. */
class Use {
  constructor(element, blockId, surface, form) {
    Object.assign(this, { element, blockId, surface, form });
    this.focusKey = `${surface.key}/${blockId}/${element.action_id}`;
  }

  get who() {
    return this.surface.who;
  }

  names(fallback) {
    if (!this.form.labelledBy) return { "aria-label": fallback || this.element.action_id };
    return {
      id: this.form.id,
      "aria-labelledby": this.form.labelledBy,
      "aria-describedby": this.form.describedBy,
      "aria-invalid": this.form.invalid ? "true" : null,
      "aria-required": this.form.required ? "true" : null,
    };
  }

  /** What the person chose before a redraw, else what the app set at first. */
  chosen(initial) {
    return this.surface.form?.get(this.blockId, this.element.action_id) ?? initial;
  }

  /** Remember the choice; tell the app unless the element waits for the submit button. False: the person thought better of it. */
  async choose(value, remembered = value) {
    const tells = !this.form.inForm || this.form.dispatches;
    if (tells && this.element.confirm && !(await confirmed(this.element.confirm, this.who))) return false;
    this.surface.form?.set(this.blockId, this.element.action_id, value, remembered);
    if (tells) await this.surface.act(this.element, this.blockId, value);
    return true;
  }
}

const values = (options) => options.map((option) => option.value);

function button(element, use) {
  const node = h("button", {
    type: "button", class: `btn ${element.style ? `btn-${element.style}` : ""}`, "aria-label": element.accessibility_label ?? null,
    data: { focus: use.focusKey, action: element.action_id }, on: { click: press },
  }, plain(element.text.text, element.text.emoji !== false));
  async function press() {
    if (node.getAttribute("aria-busy") === "true") return;
    if (element.url && safeUrl(element.url)) window.open(element.url, "_blank", "noopener");
    node.setAttribute("aria-busy", "true");
    try {
      await use.choose(null);
    } finally {
      node.removeAttribute("aria-busy");
    }
  }
  return node;
}

function overflow(element, use) {
  const menuId = freshId("menu");
  const items = element.options.map((option) =>
    h("li", { role: "none" },
      h("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => pick(option) } },
        plain(option.text.text),
        option.description ? h("span", { class: "option-more" }, emojify(option.description.text)) : null)));
  const menu = h("ul", { id: menuId, role: "menu", class: "menu", hidden: true, "aria-label": "More actions" }, items);
  const opener = h(
    "button",
    {
      type: "button", class: "btn btn-more", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": menuId,
      "aria-label": "More actions", data: { focus: use.focusKey, action: element.action_id },
      on: { click: () => show(menu.hidden) },
    },
    icon("more"),
  );
  const buttons = () => [...menu.querySelectorAll("button")];
  function show(open) {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    placeUnder(menu, opener);
    buttons()[0].focus();
  }
  function pick(option) {
    show(false);
    opener.focus();
    use.choose(option.value);
  }
  menu.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length).focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      show(false);
      opener.focus();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (!menu.contains(event.relatedTarget) && event.relatedTarget !== opener) show(false);
  });
  return h("span", { class: "overflow" }, opener, menu);
}

/** At the left edge it is as wide as it wants to be; only then is its place known. */
function placeUnder(menu, opener) {
  menu.style.left = "0";
  const box = opener.getBoundingClientRect();
  const height = menu.offsetHeight;
  const top = box.bottom + height + 8 > window.innerHeight ? Math.max(8, box.top - height - 4) : box.bottom + 4;
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - menu.offsetWidth - 8))}px`;
}

const matching = (options, query) =>
  options.filter((option) => option.text.text.toLowerCase().includes(query.toLowerCase()));

/** A select menu over `source(query)`; `initial` are options, `send` makes of options what Slack sends. */
function select(element, use, { source, initial, multiple, minQuery = 0 }) {
  const placeholder = element.placeholder ? emojify(element.placeholder.text) : "";
  return combobox({
    load: source,
    multiple,
    minQuery,
    max: element.max_selected_items ?? 100,
    placeholder,
    selected: use.chosen(initial),
    names: use.names(placeholder),
    focusKey: use.focusKey,
    onChange: (options) => use.choose(multiple ? values(options) : (options[0]?.value ?? null), options),
  });
}

/** A time is whole after each of its digits: the app may redraw the field only when somebody pauses or leaves it. */
function whenTyped(node, tell) {
  let pause;
  node.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(tell, 800);
  });
  node.addEventListener("blur", tell);
}

function typed(type, initialName, more = () => ({})) {
  return (element, use) => {
    const multiline = type === "textarea";
    const node = h(multiline ? "textarea" : "input", {
      type: multiline ? null : type,
      class: "typed",
      rows: multiline ? "4" : null,
      value: use.chosen(element[initialName] ?? ""),
      placeholder: element.placeholder ? emojify(element.placeholder.text) : null,
      data: { focus: use.focusKey },
      ...use.names(element.placeholder?.text),
      ...more(element),
    });
    node.addEventListener("input", () => use.surface.form?.set(use.blockId, element.action_id, node.value, node.value));
    let before = node.value;
    const tell = async () => {
      const told = node.value;
      if (await use.choose(told)) before = told;
      else node.value = before;
    };
    if (type === "time") whenTyped(node, () => node.value === before || tell());
    else node.addEventListener("keydown", (event) => event.key === "Enter" && use.form.dispatches && tell());
    return node;
  };
}

function plainTextInput(element, use) {
  const limits = { minlength: element.min_length ?? null, maxlength: element.max_length ?? null };
  return typed(element.multiline ? "textarea" : "text", "initial_value", () => limits)(element, use);
}

function ticks(type) {
  return (element, use) => {
    const many = type === "checkbox";
    const initial = many ? (element.initial_options ?? []) : [element.initial_option].filter(Boolean);
    let now = new Set(values(use.chosen(initial)));
    const group = freshId("ticks");
    const tick = async (each, on) => {
      const before = now;
      now = new Set(many ? before : []);
      if (on) now.add(each.value);
      else now.delete(each.value);
      const options = element.options.filter((one) => now.has(one.value));
      if (await use.choose(many ? values(options) : (options[0]?.value ?? null), options)) return;
      now = before;
      for (const line of lines) line.firstChild.checked = now.has(line.firstChild.value);
    };
    const lines = element.options.map((each) => {
      const id = freshId("tick");
      return h("div", { class: "tick" },
        h("input", {
          type, id, name: group, value: each.value, checked: now.has(each.value), data: { focus: `${use.focusKey}/${each.value}` },
          on: { change: (event) => tick(each, event.target.checked) },
        }),
        h("label", { for: id }, each.text.type === "mrkdwn" ? mrkdwn(each.text.text, use.who) : plain(each.text.text),
          each.description ? h("span", { class: "option-more" }, plain(each.description.text)) : null));
    });
    return h("div", { role: many ? "group" : "radiogroup", class: "ticks", "aria-label": use.form.labelledBy ? null : "Options", "aria-labelledby": use.form.labelledBy ?? null, "aria-describedby": use.form.describedBy ?? null }, lines);
  };
}

const listOf = (element) => element.initial_options ?? [];
const oneOf = (element) => [element.initial_option].filter(Boolean);

const people = (who) => who.people().map((user) => ({ text: { type: "plain_text", text: user.real_name }, value: user.id }));

const DRAW = {
  button,
  overflow,
  static_select: (element, use) => select(element, use, { source: (query) => matching(element.options, query), initial: oneOf(element) }),
  multi_static_select: (element, use) => select(element, use, { source: (query) => matching(element.options, query), initial: listOf(element), multiple: true }),
  external_select: (element, use) => external(element, use, oneOf(element), false),
  multi_external_select: (element, use) => external(element, use, listOf(element), true),
  multi_users_select: (element, use) => select(element, use, { source: (query) => matching(people(use.who), query), initial: people(use.who).filter((each) => element.initial_users?.includes(each.value)), multiple: true }),
  checkboxes: ticks("checkbox"),
  radio_buttons: ticks("radio"),
  plain_text_input: plainTextInput,
  timepicker: typed("time", "initial_time"),
};

function external(element, use, initial, multiple) {
  return select(element, use, {
    source: (query) => use.surface.suggest(element, use.blockId, query),
    initial,
    multiple,
    minQuery: element.min_query_length ?? 3,
  });
}
