// Block Kit as DOM nodes. A block that this page does not know is named plainly, never guessed at.

import { drawElement } from "./elements.js";
import { fill, freshId, h } from "./dom.js";
import { plain, textNodes } from "./mrkdwn.js";

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
    h("div", {}, block.elements.map((each) => h("span", {}, textNodes(each, surface.who)))),

  actions: (block, surface) => h("div", {}, block.elements.map((each) => drawElement(each, block.block_id, surface))),

  input: drawInput,
};

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
    id, labelledBy: `${id}-label`, describedBy: described, inForm: true,
    dispatches: Boolean(block.dispatch_action), invalid: Boolean(words), required: !block.optional,
  });
  return h("div", { class: words ? "has-error" : "" },
    h(group ? "span" : "label", { class: "input-label", id: `${id}-label`, for: group ? null : id }, label, optional),
    element, hint, error);
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
