// The first minute: three things to click, with what to look for. Ticks off what was done.

import { fill, h, keepingFocus } from "./dom.js";

export class Guide {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.done = new Set();
    app.store.on("message", ({ message }) => this.notice(message));
  }

  get mail() {
    const { mails, guideMailId } = this.app.store;
    return mails.find((mail) => mail.mail_id === guideMailId) ?? mails[0];
  }

  draw() {
    if (!this.app.store.ready) return;
    keepingFocus(this.root, () => fill(this.root,
      h("p", { class: "lead" }, "Report mails go out on a schedule. When one fails, the people who wait for it find out last. This bot tells them first. Try it: nothing here is real, nothing leaves this computer."),
      h("ol", { class: "steps" }, this.steps().map((step, index) => this.step(step, index))),
      h("div", { class: "more-to-try" },
        h("h3", {}, "Then"),
        h("ul", {},
          this.more("mails", "Ask about other mails", "There is one for each state and each error."),
          this.more("trouble", "Break things", "A hundred failures at once, Quick BI down, Slack’s replies lost: nothing is forgotten."),
          this.more("log", "Read along", "Every call that the bot makes, as it makes it."),
          h("li", {}, h("button", { type: "button", class: "as-link", on: { click: () => this.beOutsider() } }, "Be Olga of another organisation"), h("span", {}, "She is a guest here: the bot is not for her."))))));
  }

  more(tab, words, after) {
    return h("li", {}, h("button", { type: "button", class: "as-link", on: { click: () => this.app.bench.select(tab) } }, words), h("span", {}, after));
  }

  steps() {
    const { mail } = this;
    return [
      {
        key: "ask", title: "Ask how a mail is doing", button: `Type /mail-status ${mail.name}`,
        look: "The answer comes at once, only to you: the state in the first two words, then when, and what to do next.",
        act: () => this.app.attempt("type_command", this.typed(`/mail-status ${mail.mail_id}`)),
      },
      {
        key: "fail", title: "Subscribe this channel, and let the mail fail", button: "Subscribe, then fail",
        look: "The channel is told once, in one message that somebody who has never heard of the bot understands.",
        act: () => this.subscribeAndFail(),
      },
      {
        key: "recover", title: "Let it recover", button: "Send the next run",
        look: "No second alarm: the same message changes in place, and its thread says how long it lasted.",
        act: () => this.app.attempt("mail", { mail_id: mail.mail_id, what: "run_well" }),
      },
    ];
  }

  step(step, index) {
    const isDone = this.done.has(step.key);
    return h("li", { class: `step${isDone ? " is-done" : ""}` },
      h("span", { class: "step-number", "aria-hidden": "true" }, isDone ? "✓" : String(index + 1)),
      h("div", {},
        h("h3", {}, step.title, isDone ? h("span", { class: "only-read" }, " (done)") : null),
        h("p", {}, step.look),
        h("button", { type: "button", class: index === this.done.size ? "btn btn-primary" : "btn", data: { focus: `step/${step.key}`, step: step.key }, on: { click: () => this.take(step) } }, step.button)));
  }

  typed(text) {
    const { store } = this.app;
    if (!store.openChannelId() || store.channels.get(store.openChannelId()).is_im) store.open({ kind: "channel", id: store.firstChannel() });
    return { user: store.me, channel: store.openChannelId(), text };
  }

  async take(step) {
    if (await step.act()) {
      this.done.add(step.key);
      this.draw();
    }
    this.app.showSide(null);
  }

  async subscribeAndFail() {
    const { mail } = this;
    const outcome = await this.app.attempt("type_command", this.typed(`/mail-subscribe ${mail.mail_id}`));
    if (!outcome) return null;
    return this.app.attempt("mail", { mail_id: mail.mail_id, what: "run_badly" });
  }

  beOutsider() {
    const { store } = this.app;
    const outsider = store.people().find((user) => store.isOutsider(user));
    if (outsider) store.become(outsider.id);
    this.app.compose(`/mail-status ${this.mail.mail_id}`);
  }

  /** Somebody who does it without the button has done it too. */
  notice(message) {
    if (message.from_app && message.ephemeral_for === this.app.store.me && !this.done.has("ask")) {
      this.done.add("ask");
      this.draw();
    }
  }
}
