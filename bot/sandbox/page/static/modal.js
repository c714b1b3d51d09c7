// Modals: what a view holds, what a person has filled in, and the errors that the app answered.

import { clearError, drawBlocks, showErrors } from "./blocks.js";
import { $, h, icon, keepingFocus } from "./dom.js";
import { plain } from "./mrkdwn.js";

/** What a person has filled into a view so far, kept when the app redraws it. */
export class Form {
  constructor(onSet) {
    this.onSet = onSet;
    this.sent = new Map();
    this.shown = new Map();
  }

  key(blockId, actionId) {
    return `${blockId}\n${actionId}`;
  }

  get(blockId, actionId) {
    return this.shown.get(this.key(blockId, actionId));
  }

  /** `value` is what Slack would send, `remembered` what the element shows after a redraw. */
  set(blockId, actionId, value, remembered) {
    this.sent.set(this.key(blockId, actionId), value);
    this.shown.set(this.key(blockId, actionId), remembered);
    this.onSet(blockId);
  }

  /** What to submit: block_id -> choice, for the input blocks that were touched. */
  values(blocks) {
    const inputs = blocks.filter((block) => block.type === "input");
    const pairs = inputs.map((block) => [block.block_id, this.sent.get(this.key(block.block_id, block.element.action_id))]);
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== null));
  }
}

/** The modal on top of a person's screen. `actions` submits and closes; `surfaceFor` makes what its blocks need. */
export class ModalHost {
  constructor({ surfaceFor, submit, close }) {
    Object.assign(this, { surfaceFor, submit, close });
    this.forms = new Map();
    this.view = null;
    this.dialog = null;
  }

  /** Show this view, or none. The same view again is a redraw. */
  show(view) {
    if (!view) return this.leave();
    const isSame = this.view?.id === view.id;
    this.view = view;
    if (!this.forms.has(view.id)) this.forms.set(view.id, new Form((blockId) => this.dialog && clearError(this.dialog, blockId)));
    if (!this.dialog) this.enter();
    keepingFocus(this.dialog, () => this.draw());
    if (!isSame) firstToFill(this.dialog)?.focus();
    return undefined;
  }

  enter() {
    this.dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title" });
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close(this.view);
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  leave() {
    $("#toasts").append(...(this.dialog?.querySelectorAll(".toast") ?? []));
    this.dialog?.close();
    this.dialog?.remove();
    this.dialog = null;
    this.view = null;
    this.forms.clear();
  }

  draw() {
    const { source } = this.view;
    const surface = { ...this.surfaceFor(this.view), form: this.forms.get(this.view.id), errors: this.view.errors };
    const body = drawBlocks(source.blocks ?? [], surface);
    const scrolled = this.dialog.querySelector(".modal-body")?.scrollTop ?? 0;
    const submit = source.submit ? h("button", { class: "btn btn-primary", data: { focus: "modal-submit" } }, plain(source.submit.text)) : null;
    this.dialog.querySelector(".modal-form")?.remove();
    this.dialog.prepend(
      h("form", { class: "modal-form", novalidate: true, on: { submit: (event) => this.press(event) } },
        h("header", { class: "modal-head" },
          h("h2", { id: "modal-title" }, plain(source.title.text)),
          h("button", { type: "button", class: "icon-btn", "aria-label": "Close", data: { focus: "modal-x" }, on: { click: () => this.close(this.view) } }, icon("close"))),
        h("div", { class: "modal-body" }, body),
        h("footer", { class: "dialog-buttons" },
          h("button", { type: "button", class: "btn", data: { focus: "modal-close" }, on: { click: () => this.close(this.view) } }, plain(source.close?.text ?? (source.submit ? "Cancel" : "Close"))),
          submit)),
    );
    this.dialog.querySelector(".modal-body").scrollTop = scrolled;
  }

  async press(event) {
    event.preventDefault();
    const { view } = this;
    const blocks = view.source.blocks ?? [];
    const form = this.forms.get(view.id);
    const missing = requiredButEmpty(blocks, form);
    if (Object.keys(missing).length) return showErrors(this.dialog, missing);
    const button = this.dialog.querySelector("footer .btn-primary");
    button.setAttribute("aria-busy", "true");
    try {
      const errors = await this.submit(view, form.values(blocks));
      if (this.dialog && this.view?.id === view.id) showErrors(this.dialog, errors);
    } finally {
      button.removeAttribute("aria-busy");
    }
    return undefined;
  }
}

/** Where typing begins: mentions and other buttons in the words above come first only where there is no input. */
function firstToFill(dialog) {
  return dialog.querySelector(".modal-body :is(input, textarea, select)") ?? dialog.querySelector(".modal-body button");
}

/** Slack itself insists on inputs that are not optional. */
function requiredButEmpty(blocks, form) {
  const isEmpty = (block) => {
    const value = form.sent.get(form.key(block.block_id, block.element.action_id));
    if (value !== undefined) return value === null || value.length === 0;
    return !Object.keys(block.element).some((name) => name.startsWith("initial_") && block.element[name]?.length !== 0);
  };
  const empty = blocks.filter((block) => block.type === "input" && !block.optional && isEmpty(block));
  return Object.fromEntries(empty.map((block) => [block.block_id, "Please complete this required field."]));
}
