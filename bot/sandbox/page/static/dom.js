// Builds DOM nodes. Text always becomes a text node: nothing that people or vendors wrote is ever parsed as HTML.

/** An element with attributes (`on` holds listeners, `data` the dataset; null and false are left out). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...flat(children));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "data") {
    Object.assign(node.dataset, value);
  } else if (name === "value" || name === "checked" || name === "selected" || name === "disabled") {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Children without gaps: null, undefined and false are what a condition leaves behind. */
function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

export const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export const $ = (selector, root = document) => root.querySelector(selector);

let lastId = 0;
/** An ID that no other element of this page has. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  hash: "M6 3 4.5 17M13.5 3 12 17M2.5 7.5h14M2 12.5h14",
  lock: "M5 9V6.5a4.5 4.5 0 0 1 9 0V9M4 9h11v8H4z",
  thread: "M3 4h13v9H9l-4 3.5V13H3z",
  close: "m4.5 4.5 10 10m0-10-10 10",
  menu: "M3 5h13M3 9.5h13M3 14h13",
  chevron: "m5 7.5 4.5 4.5L14 7.5",
  bench: "M3 4h13v11H3zM11 4v11",
  send: "m3 3 14 6.5L3 16l2-6.5zM5 9.5h6",
  bolt: "M11 2 4.5 11H9l-1 6.5L15 8.5h-4.5z",
  trash: "M3.5 5.5h12M7.5 5.5V3.5h4v2M5 5.5l.8 11h7.4l.8-11",
  copy: "M7 7V3h9v9h-4M3 7h9v9H3z",
  moon: "M15.5 11.5A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 7.5 7.5z",
  sun: "M9.5 6a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M9.5 1.5v2M9.5 15.5v2M1.5 9.5h2M15.5 9.5h2M4 4l1.4 1.4M13.6 13.6 15 15M15 4l-1.4 1.4M5.4 13.6 4 15",
  forward: "m7.5 4.5 5 5-5 5",
  home: "M3 9.5 9.5 3.5l6.5 6M5 8.5V16h9V8.5",
  more: "M9.5 4v.01M9.5 9.5v.01M9.5 15v.01",
  shared: "M7 9.5a3 3 0 1 1 0-.01M18 9.5a3 3 0 1 1 0-.01M7 9.5h5",
};

/** A line drawing; what it means stands in the label of the button around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 19 19");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

let announcer = null;
/** Let screen readers say this without moving the focus. */
export function announce(text) {
  announcer ??= $("#announcer");
  announcer.append(h("p", {}, text));
  while (announcer.childElementCount > 6) announcer.firstElementChild.remove();
}

const LONGEST_TOAST = 200;

/** A passing line at the bottom of the page, for the eye and the ear: in the dialog on top, whose backdrop would hide it. */
export function toast(text, { tone = "plain" } = {}) {
  const line = h("p", { class: `toast toast-${tone}` }, text.length > LONGEST_TOAST ? `${text.slice(0, LONGEST_TOAST - 1)}…` : text);
  toastsOf([...document.querySelectorAll("dialog[open]")].at(-1)).append(line);
  setTimeout(() => line.remove(), tone === "bad" ? 9000 : 4500);
}

function toastsOf(dialog) {
  if (!dialog) return $("#toasts");
  if (!$(".toasts", dialog)) dialog.append(h("div", { class: "toasts", role: "status" }));
  return $(".toasts", dialog);
}

/** Re-draw a region without taking the focus away from whoever is in it. */
export function keepingFocus(root, redraw) {
  const inside = root.contains(document.activeElement) ? document.activeElement : null;
  const { focus: key, action } = inside?.dataset ?? {};
  const range = inside && "selectionStart" in inside ? [inside.selectionStart, inside.selectionEnd] : null;
  redraw();
  if (!key) return;
  const again = root.querySelector(`[data-focus="${CSS.escape(key)}"]`) ?? (action ? root.querySelector(`[data-action="${CSS.escape(action)}"]`) : null) ?? root.querySelector("article");
  again?.focus({ preventScroll: true });
  if (again && range && range[0] !== null) {
    try {
      again.setSelectionRange(...range);
    } catch {
      // inputs of type date and time have no selection
    }
  }
}
