// The first minutes: steps to click, with what to look for. A step is done when what it promised was seen.

import { $, announce, fill, h, icon, keepingFocus } from "./dom.js";
import { Steps } from "./steps.js";

const KEY = "sandbox-guide";

export class Guide {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.steps = new Steps(app);
    this.done = new Set();
    this.looking = null; // the key of the step that was taken last, until its promise is kept
    this.trouble = null; // {key, words}: why the last one came to nothing
    app.guide = this;
    app.store.on("message", ({ message }) => this.notice(message));
    app.store.on("loaded", () => this.recall());
    for (const topic of ["bot", "loaded", "place", "thread"]) app.store.on(topic, () => this.draw());
    app.store.on("troubles", () => this.looking && this.draw());
  }

  /** Finished steps outlive a reload, but not the sandbox that they were taken in. */
  recall() {
    const { session, steps } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (session === this.app.store.session) this.done = new Set(steps);
  }

  remember() {
    localStorage.setItem(KEY, JSON.stringify({ session: this.app.store.session, steps: [...this.done] }));
  }

  draw() {
    if (!this.app.store.ready) return;
    keepingFocus(this.root, () => fill(this.root,
      h("p", { class: "lead" }, "Report mails go out on a schedule. When one fails, the people who wait for it find out last. This bot tells them first. Try it: nothing here is real, nothing leaves this computer."),
      h("ol", { class: "steps" }, this.steps.all().map((step, index) => this.step(step, index))),
      h("div", { class: "more-to-try" },
        h("h3", {}, "Then"),
        h("ul", {},
          this.more("mails", "Ask about other mails", "There is one for each state and each error."),
          this.more("trouble", "Break things", "Quick BI down, Slack’s replies lost, the bot killed: nothing is forgotten."),
          this.more("log", "Read along", "Every call that the bot makes, as it makes it."),
          h("li", {}, h("button", { type: "button", class: "as-link", on: { click: () => this.beOutsider() } }, "Be Olga of another organisation"), h("span", {}, "She is a guest here: the bot is not for her."))))));
    this.drawStrip();
  }

  more(tab, words, after) {
    return h("li", {}, h("button", { type: "button", class: "as-link", on: { click: () => this.app.bench.select(tab) } }, words), h("span", {}, after));
  }

  step(step, index) {
    const isDone = this.done.has(step.key);
    const isNext = step.key === this.next()?.key;
    return h("li", { class: `step${isDone ? " is-done" : ""}` },
      h("span", { class: "step-number", "aria-hidden": "true" }, isDone ? "✓" : String(index + 1)),
      h("div", {},
        h("h3", {}, step.title, isDone ? h("span", { class: "only-read" }, " (done)") : null),
        h("p", {}, step.look),
        h("button", { type: "button", class: isNext ? "btn btn-primary" : "btn", disabled: Boolean(this.notYet(step)), data: { focus: `step/${step.key}`, step: step.key }, on: { click: () => this.take(step) } },
          this.isReady() ? step.button : "The bot is starting…"),
        this.progress(step)));
  }

  /** Why a step cannot be taken now, in words; nothing if it can. */
  notYet(step) {
    if (!this.isReady()) return "The bot is starting…";
    if (this.looking) return this.progressWords();
    if (!step.needs) return null;
    if (this.done.has(step.key)) return "It has recovered.";
    return this.done.has(step.needs) ? null : "First let it fail.";
  }

  isReady() {
    return this.app.store.bot.state === "ready";
  }

  progress(step) {
    if (this.looking === step.key) return h("p", { class: "step-looking", role: "status" }, this.progressWords());
    if (this.trouble?.key === step.key) return h("p", { class: "step-trouble", role: "status" }, this.trouble.words);
    if (step.needs && !this.done.has(step.needs)) return h("p", { class: "step-later" }, "First let it fail.");
    return null;
  }

  progressWords() {
    const step = this.steps.all().find((each) => each.key === this.looking);
    return step.progress?.() || `Looking for it… at most ${step.within} s`;
  }

  next() {
    return this.steps.all().find((step) => !this.done.has(step.key));
  }

  /** Where the guide is out of sight, its next step is one line above the composer. */
  drawStrip() {
    const step = this.next();
    const strip = $("#next-step");
    strip.hidden = !step || this.app.isBenchShown() || this.app.store.place.kind !== "channel";
    if (strip.hidden) return;
    const why = this.notYet(step);
    keepingFocus(strip, () => fill(strip, why
      ? h("p", { role: "status" }, why)
      : h("button", { type: "button", class: "next-step", data: { focus: "next-step" }, on: { click: () => this.take(step) } },
        h("span", {}, `${this.done.size ? "Next" : "Try"}: ${step.next}`), icon("forward")),
    this.trouble && !this.looking ? h("p", { class: "step-trouble", role: "status" }, this.trouble.words) : null));
  }

  async take(step) {
    clearTimeout(this.patience);
    this.looking = step.key;
    this.trouble = null;
    if (step.key === "fail") this.done.delete("recover");
    this.done.delete(step.key);
    this.remember();
    this.draw();
    try {
      await step.act();
      this.patience = setTimeout(() => this.giveUp(step, `Not seen within ${step.within} s. Is something switched on under Trouble?`), step.within * 1000);
    } catch (error) {
      this.giveUp(step, error.message || "That did not work.");
    }
  }

  giveUp(step, words) {
    if (this.looking !== step.key) return;
    this.looking = null;
    this.trouble = { key: step.key, words };
    this.draw();
  }

  beOutsider() {
    const { store } = this.app;
    const outsider = store.people().find((user) => store.isOutsider(user));
    if (outsider) store.become(outsider.id);
    this.app.compose(`/mail-status ${this.steps.mail.mail_id}`);
  }

  /** Somebody who does it without the button has done it too. */
  notice(message) {
    if (!message.from_app || !this.app.store.sees(message)) return;
    this.steps.hear(message);
    const kept = this.steps.all().find((step) => !this.done.has(step.key) && this.mayKeep(step) && step.isKept(message));
    if (!kept) return;
    this.done.add(kept.key);
    this.remember();
    if (this.looking === kept.key) {
      this.looking = null;
      this.app.spot(message);
    }
    announce(`Step done: ${kept.title}`);
    this.draw();
  }

  mayKeep(step) {
    return !step.needs || this.done.has(step.needs);
  }
}
