// The first minute's steps: what each does, as Ada in #reports, and by which message its promise is kept.

import { pause } from "./dom.js";

/** What a status answer says of a mail right behind its name, whichever state it is in. */
const STATE = /^ (was sent|failed|is running|is probably stuck|has not run|is in a state)\b/;
const CONFIRMED_WITHIN = 20;

export class Steps {
  constructor(app) {
    this.app = app;
    this.waiting = new Set();
  }

  get mail() {
    const { mails, guideMailId } = this.app.store;
    return mails.find((mail) => mail.mail_id === guideMailId) ?? mails[0];
  }

  /** In order. `within` are seconds, `needs` is the step whose promise must have been kept. */
  all() {
    const { mail } = this;
    return [
      {
        key: "ask", title: "Ask how a mail is doing", button: `Type /mail-status ${mail.name}`, next: `ask about ${mail.name}`, within: 10,
        look: "The answer comes at once, only to you: the state in the first two words, then when, and what to do next.",
        act: () => this.type(`/mail-status ${mail.name}`),
        isKept: (message) => Boolean(message.ephemeral_for) && this.app.store.mails.some((each) => tells(message.text, each.name)),
      },
      {
        key: "fail", title: "Subscribe this channel, and let the mail fail", button: "Subscribe, then fail", next: "let it fail", within: 30,
        look: "The channel is told once, in one message that somebody who has never heard of the bot understands.",
        act: () => this.subscribeAndFail(),
        isKept: (message) => isNotice(message) && message.text.startsWith(`${mail.name} failed`),
      },
      {
        key: "recover", title: "Let it recover", button: "Send the next run", next: "let it recover", within: 30, needs: "fail",
        look: "No second alarm: the same message changes in place, and its thread says how long it lasted.",
        act: () => this.make("mail", { mail_id: mail.mail_id, what: "run_well" }),
        isKept: (message) => isNotice(message) && message.text.startsWith(`${mail.name} recovered`),
      },
      {
        key: "storm", title: "A bad morning: a hundred mails fail", button: "Subscribe and fail them", next: "let a hundred fail", within: 60,
        look: "A few messages, not a hundred: each names the mails in it, and has one menu for all of them.",
        act: () => this.make("trouble", { key: "storm", ...this.here() }),
        isKept: (message) => isNotice(message) && /^\d+ report mails failed/.test(message.text),
        progress: () => this.app.store.troubles.find((each) => each.key === "storm")?.progress,
      },
    ];
  }

  /** Hear of every message of the bot that its reader sees. */
  hear(message) {
    for (const each of this.waiting) if (each.isIt(message)) each.come();
  }

  here() {
    const { store } = this.app;
    return { user: store.named("users", "ada").id, channel: store.named("channels", "reports").id };
  }

  /** Whoever the newcomer was, and wherever: the steps happen to Ada in #reports. */
  goThere() {
    const { store } = this.app;
    const { user, channel } = this.here();
    if (store.me !== user) store.become(user);
    if (store.place.id !== channel) store.open({ kind: "channel", id: channel });
    this.app.showSide(null);
  }

  /** Type a command where it can be seen. Throws what Slack or the sandbox says against it. */
  async type(text) {
    this.goThere();
    return accepted(await this.app.chat.composer.play(text));
  }

  async make(verb, args) {
    this.goThere();
    return accepted(await this.app.attempt(verb, args));
  }

  /** The run fails only once the bot watches the mail: what failed before is no news. */
  async subscribeAndFail() {
    const { mail } = this;
    const confirmed = this.next((message) => /\bsubscribed this channel to\b/.test(message.text) && message.text.includes(mail.name), CONFIRMED_WITHIN);
    await this.type(`/mail-subscribe ${mail.name}`);
    await confirmed;
    await this.make("mail", { mail_id: mail.mail_id, what: "run_badly" });
  }

  /** Until the bot's next message that is like this, or for so many seconds. */
  async next(isIt, seconds) {
    const waiter = { isIt };
    const came = new Promise((come) => { waiter.come = come; });
    this.waiting.add(waiter);
    await Promise.race([came, pause(seconds)]);
    this.waiting.delete(waiter);
  }
}

function tells(text, name) {
  return text.startsWith(name) && STATE.test(text.slice(name.length));
}

/** Notices carry metadata: answers and confirmations do not. */
function isNotice(message) {
  return Boolean(message.metadata) && !message.ephemeral_for && !message.is_deleted && (!message.thread_ts || message.thread_ts === message.ts);
}

function accepted(outcome) {
  if (!outcome || outcome.words) throw new Error(outcome?.words ?? "");
  return outcome;
}
