// Switches for what goes wrong on Quick BI's and on Slack's side; each says what the bot does about it, and shows it.

import { announce, fill, h, keepingFocus, toast } from "./dom.js";
import { callLine, entryLine } from "./log.js";

const LINES_SHOWN = 4;

export class Trouble {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.pressed = null; // the key of the control used last: what the bot does from then on is shown under it
    this.lines = [];
    for (const topic of ["troubles", "mails"]) app.store.on(topic, () => this.draw());
    app.store.on("entry", (entry) => this.follow(() => entryLine(entry, app.store)));
    app.store.on("call", (call) => this.follow(() => callLine(call, app.store)));
  }

  draw() {
    if (!this.app.store.ready || this.root.hidden) return;
    const { troubles, mails } = this.app.store;
    const wrong = troubles.filter((each) => each.is_on).map((each) => each.title);
    const ill = mails.filter(isTroubled).length;
    if (ill) wrong.push(ill === 1 ? "one mail" : `${ill} mails`);
    keepingFocus(this.root, () => fill(this.root,
      h("div", { class: `health ${wrong.length ? "is-bad" : "is-good"}` },
        h("p", {}, wrong.length ? `Wrong just now: ${wrong.join(", ")}` : "Everything works."),
        h("button", { type: "button", class: "btn", disabled: !wrong.length, data: { focus: "heal" }, on: { click: () => this.heal() } }, "All well again")),
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
      h("p", { id: `trouble-${trouble.key}`, class: "effect" }, trouble.effect),
      trouble.progress ? h("p", { class: "trouble-progress", role: "status" }, trouble.progress) : null,
      this.pressed === trouble.key ? this.live() : null);
  }

  live() {
    const lines = this.lines.length ? this.lines : [h("li", { class: "waiting" }, "What the bot does about it shows here.")];
    this.list = h("ol", { class: "log trouble-live", "aria-label": "What the bot does" }, lines);
    return this.list;
  }

  follow(line) {
    if (!this.pressed) return;
    this.lines = [...this.lines, line()].slice(-LINES_SHOWN);
    if (this.list) fill(this.list, this.lines);
  }

  async press(trouble) {
    this.pressed = trouble.key;
    this.lines = [];
    this.draw();
    const channel = this.app.store.openChannelId() ?? this.app.store.firstChannel();
    const done = await this.app.attempt("trouble", { key: trouble.key, user: this.app.store.me, channel });
    if (done) announce(trouble.effect);
  }

  async heal() {
    const words = await this.app.attempt("heal", {});
    if (words) toast(words);
  }
}

function isTroubled(mail) {
  const isForbidden = !mail.permitted && mail.group !== "refusals"; // those are there to be refused
  return mail.fail_next || mail.hang_next || mail.skip_next || mail.failing || isForbidden;
}
