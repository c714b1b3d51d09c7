// Switches for what goes wrong on Quick BI's and on Slack's side; each says what the bot does about it.

import { announce, fill, h, keepingFocus } from "./dom.js";

export class Trouble {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    app.store.on("troubles", () => this.draw());
  }

  draw() {
    if (!this.app.store.ready) return;
    const { troubles } = this.app.store;
    const wrong = troubles.filter((each) => each.is_on);
    keepingFocus(this.root, () => fill(this.root,
      h("div", { class: `health ${wrong.length ? "is-bad" : "is-good"}` },
        h("p", {}, wrong.length ? `Wrong just now: ${wrong.map((each) => each.title).join(", ")}` : "Everything works."),
        h("button", { type: "button", class: "btn", disabled: !wrong.length, data: { focus: "heal" }, on: { click: () => this.app.attempt("heal", {}) } }, "All well again")),
      this.side("Quick BI", "quickbi", troubles),
      this.side("Slack", "slack", troubles),
      this.side("The bot itself", "bot", troubles)));
  }

  side(title, side, troubles) {
    const mine = troubles.filter((each) => each.side === side);
    return h("section", { class: "trouble-side" }, h("h3", {}, title), h("ul", { class: "troubles" }, mine.map((each) => this.line(each))));
  }

  line(trouble) {
    return h("li", { class: `trouble${trouble.is_on ? " is-on" : ""}` },
      h("button", {
        type: "button", class: "btn", "aria-pressed": trouble.is_switch ? String(trouble.is_on) : null, data: { focus: `trouble/${trouble.key}`, trouble: trouble.key },
        "aria-describedby": `trouble-${trouble.key}`, on: { click: () => this.press(trouble) },
      }, trouble.is_on ? trouble.title_on : trouble.title),
      h("p", { id: `trouble-${trouble.key}`, class: "effect" }, trouble.effect));
  }

  async press(trouble) {
    const channel = this.app.store.openChannelId() ?? this.app.store.firstChannel();
    const done = await this.app.attempt("trouble", { key: trouble.key, user: this.app.store.me, channel });
    if (done) announce(trouble.effect);
  }
}
