// Block Kit as DOM nodes. A block that this page does not know is named plainly, never guessed at.

import { drawElement } from "./elements.js";
import { fill, freshId, h } from "./dom.js";
import { plain, textNodes } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** All blocks of a message, a modal or a Home tab. */
export function drawBlocks(blocks, surface) {
  return h("div", { class: "blocks" }, blocks.map((block) => drawBlock(block, surface)));
}

function drawBlock(block, surface) {
  const draw = DRAW[block.type] ?? unknown;
  const node = draw(block, surface);
  node.classList.add("block", `block-${block.type}`);
  return node;
}

function unknown(block) {
  return h("p", { class: "undrawable" }, `This page cannot draw a block of type “${block.type}”. Slack would.`);
}

const DRAW = {
  section(block, surface) {
    const words = block.text ? h("div", { class: "words" }, textNodes(block.text, surface.who)) : null;
    const fields = block.fields
      ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field" }, textNodes(field, surface.who))))
      : null;
    const accessory = block.accessory
      ? h("div", { class: "accessory" }, drawElement(block.accessory, block.block_id, surface))
      : null;
    return h("div", {}, h("div", { class: "section-body" }, words, fields), accessory);
  },

  header: (block, surface) => h(surface.kind === "modal" ? "h3" : "h2", {}, plain(block.text.text, block.text.emoji !== false)),

  divider: () => h("hr"),

  context: (block, surface) =>
    h("div", {}, block.elements.map((each) => (each.type === "image" ? picture(each) : h("span", {}, textNodes(each, surface.who))))),

  actions: (block, surface) => h("div", {}, block.elements.map((each) => drawElement(each, block.block_id, surface))),

  image: (block, surface) =>
    h("figure", {}, block.title ? h("figcaption", {}, textNodes(block.title, surface.who)) : null, picture(block)),

  rich_text: (block, surface) => richText(block, surface.who),

  table: (block, surface) => h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" }, table(block, surface)),

  input: drawInput,
};

/** Nothing is loaded from elsewhere, so a picture is told by its alternative text. */
function picture(image) {
  return h("span", { class: "picture", role: "img", "aria-label": image.alt_text }, `🖼 ${image.alt_text}`);
}

function table(block, surface) {
  const [head, ...rows] = block.rows;
  const cells = (row, tag) => row.map((cell, column) => h(tag, cellProps(tag, block.column_settings?.[column]), drawCell(cell, surface)));
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, cells(head, "th"))),
    h("tbody", {}, rows.map((row) => h("tr", {}, cells(row, "td")))),
  );
}

function cellProps(tag, settings) {
  return { class: settings?.align ? `align-${settings.align}` : null, scope: tag === "th" ? "col" : null };
}

function drawCell(cell, surface) {
  return cell.type === "rich_text" ? richText(cell, surface.who) : plain(cell.text ?? "");
}

function drawInput(block, surface) {
  const id = freshId("input");
  const label = plain(block.label.text, block.label.emoji !== false);
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  const hint = block.hint ? h("p", { class: "hint", id: `${id}-hint` }, plain(block.hint.text)) : null;
  const words = surface.errors?.[block.block_id];
  const error = h("p", { class: "field-error", id: `${id}-error`, data: { errorFor: block.block_id } }, words ?? null);
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const element = drawElement(block.element, block.block_id, surface, {
    id,
    labelledBy: `${id}-label`,
    describedBy: described,
    inForm: true,
    dispatches: Boolean(block.dispatch_action),
    invalid: Boolean(words),
    required: !block.optional,
  });
  return h(
    "div",
    { class: words ? "has-error" : "" },
    h(group ? "span" : "label", { class: "input-label", id: `${id}-label`, for: group ? null : id }, label, optional),
    element,
    hint,
    error,
  );
}

/** Show the app's words under the inputs that they are about; the first of them gets the focus. */
export function showErrors(root, errors) {
  for (const line of root.querySelectorAll("[data-error-for]")) showError(line, errors[line.dataset.errorFor]);
  root.querySelector(".has-error input, .has-error textarea")?.focus();
}

/** What was wrong with this input is being mended. */
export function clearError(root, blockId) {
  for (const line of root.querySelectorAll("[data-error-for]")) if (line.dataset.errorFor === blockId) showError(line, null);
}

function showError(line, words) {
  fill(line, words ?? null);
  const block = line.closest(".block");
  block.classList.toggle("has-error", Boolean(words));
  const control = block.querySelector("input, textarea, select");
  if (words) control?.setAttribute("aria-invalid", "true");
  else control?.removeAttribute("aria-invalid");
}
