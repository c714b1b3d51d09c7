// Where one types: messages and slash commands, with the commands' names, hints and descriptions as one types.

import { announce, fill, freshId, h, icon, pause } from "./dom.js";

const TYPING = 0.5; // seconds for a command that the guide types
const READING = 1; // seconds for which it stays in the composer before it is sent

export class Composer {
  /** `commands()` gives what can be completed, `send(text)` takes what was typed. */
  constructor({ root, label, commands = () => [], send }) {
    this.commands = commands;
    this.send = send;
    this.matches = [];
    this.active = 0;
    this.sent = [];
    this.back = 0;
    const id = freshId("composer");
    this.menu = h("ul", { class: "completions", id: `${id}-menu`, role: "listbox", "aria-label": "Slash commands", hidden: true });
    this.input = h("textarea", {
      id, rows: "1", "aria-autocomplete": "list", "aria-controls": `${id}-menu`,
      "aria-label": label, placeholder: label, spellcheck: "false", autocomplete: "off",
    });
    this.button = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send" }, icon("send"));
    this.note = h("p", { class: "composer-note", hidden: true });
    this.form = h("form", { class: "composer", on: { submit: (event) => this.submit(event) } },
      this.menu, this.note, h("div", { class: "composer-line" }, this.input, this.button));
    fill(root, this.form);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.hide(), 120));
    this.input.addEventListener("focus", () => this.typed());
  }

  relabel(label, blocked = null) {
    this.input.setAttribute("aria-label", label);
    this.input.placeholder = label;
    this.input.disabled = Boolean(blocked);
    this.button.disabled = Boolean(blocked);
    this.note.hidden = !blocked;
    fill(this.note, blocked);
  }

  /** Put words in and let the person look before they send. */
  put(text) {
    this.input.value = text;
    this.fit();
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    this.typed();
  }

  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 180)}px`;
  }

  typed() {
    this.fit();
    const text = this.input.value;
    const word = text.match(/^\/\S*/)?.[0];
    const isNaming = word !== undefined && word === text;
    const exact = this.commands().filter((each) => each.name === word);
    this.matches = isNaming ? this.commands().filter((each) => each.name.startsWith(word)) : exact;
    this.isNaming = isNaming;
    this.active = isNaming ? Math.max(0, Math.min(this.active, this.matches.length - 1)) : -1;
    this.draw();
  }

  draw() {
    if (!this.matches.length) return this.hide();
    fill(this.menu, this.matches.map((each, index) => this.line(each, index)));
    if (this.menu.hidden) announce(`${this.matches.length} slash commands. Arrows choose, Tab completes.`);
    this.menu.hidden = false;
    if (this.active >= 0) this.input.setAttribute("aria-activedescendant", `${this.menu.id}-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.menu.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    return undefined;
  }

  line(each, index) {
    return h("li", {
      id: `${this.menu.id}-${index}`, role: "option", "aria-selected": String(index === this.active), class: index === this.active ? "active" : "",
      on: { pointerdown: (event) => { event.preventDefault(); this.complete(each); } },
    },
    h("span", { class: "command" }, each.name, each.usage_hint ? h("span", { class: "usage" }, ` ${each.usage_hint}`) : null),
    h("span", { class: "description" }, each.description));
  }

  hide() {
    this.menu.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }

  complete(each) {
    this.put(`${each.name} `);
  }

  key(event) {
    const isChoosing = !this.menu.hidden && this.isNaming;
    const chosen = this.matches[this.active];
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (isChoosing && chosen && chosen.name !== this.input.value.trim()) this.complete(chosen);
      else this.form.requestSubmit();
    } else if (event.key === "Tab" && !event.shiftKey && isChoosing && chosen && this.input.value !== `${chosen.name} `) {
      event.preventDefault();
      this.complete(chosen);
    } else if (event.key === "Escape" && !this.menu.hidden) {
      event.preventDefault();
      this.hide();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.arrow(event, isChoosing);
    }
  }

  arrow(event, isChoosing) {
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (isChoosing) {
      event.preventDefault();
      this.active = (this.active + step + this.matches.length) % this.matches.length;
      this.draw();
    } else if (this.sent.length && (this.input.value === "" || this.input.value === this.sent.at(-this.back))) {
      event.preventDefault();
      this.back = Math.max(0, Math.min(this.sent.length, this.back - step));
      this.put(this.back ? this.sent.at(-this.back) : "");
    }
  }

  /** Type these words where a person can read them, and send them. Resolves to what came of it. */
  async play(text) {
    const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (let end = isCalm ? text.length : 1; end <= text.length; end += 1) {
      this.input.value = text.slice(0, end);
      this.fit();
      await pause(TYPING / text.length);
    }
    await pause(READING);
    return this.dispatch(text);
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text) this.dispatch(text);
  }

  dispatch(text) {
    this.sent.push(text);
    this.back = 0;
    this.active = 0;
    this.input.value = "";
    this.typed();
    return this.send(text);
  }
}
