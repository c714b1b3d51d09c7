// What the bot did, as Slack's ledger has it, and the bot's own log. Newest last, small.

import { fill, h } from "./dom.js";
import { clock } from "./time.js";

const SHOWN = 200;
const NAMES = { calls: "What the bot asked of Slack", asked: "What the bot asked of Quick BI", own: "The bot’s own log" };

export class Log {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.kind = "calls";
    this.list = null;
    app.store.on("entry", (entry) => this.kind === "calls" && this.add(entryLine(entry, app.store)));
    app.store.on("call", (call) => this.kind === "asked" && this.add(callLine(call, app.store)));
    app.store.on("line", (line) => this.kind === "own" && this.add(ownLine(line)));
  }

  draw() {
    if (!this.app.store.ready) return;
    const choice = (kind, words) => h("button", { type: "button", class: "btn", "aria-pressed": String(this.kind === kind), on: { click: () => { this.kind = kind; this.draw(); } } }, words);
    this.list = h("ol", { class: "log" });
    this.scroller = h("div", { class: "log-scroll", tabindex: "0", role: "region", "aria-label": NAMES[this.kind] }, this.list);
    fill(this.root,
      h("div", { class: "log-choice", role: "group", "aria-label": "Which log" }, choice("calls", "To Slack"), choice("asked", "To Quick BI"), choice("own", "Its own log")),
      this.scroller);
    const { store } = this.app;
    const lines = {
      calls: () => store.ledger.slice(-SHOWN).map((entry) => entryLine(entry, store)),
      asked: () => store.calls.slice(-SHOWN).map((call) => callLine(call, store)),
      own: () => store.lines.slice(-SHOWN).map(ownLine),
    }[this.kind]();
    this.list.append(...(lines.length ? lines : [h("li", { class: "quiet" }, "Nothing yet.")]));
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  add(line) {
    if (!this.list || this.root.hidden) return;
    const atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 60;
    this.list.querySelector(".quiet")?.remove();
    this.list.append(line);
    while (this.list.childElementCount > SHOWN) this.list.firstElementChild.remove();
    if (atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/** A call of Quick BI's API. */
export function callLine(call, store) {
  const mail = store.mails.find((each) => each.mail_id === call.mail_id);
  return line(call, store, call.name, mail?.name ?? call.mail_id, call.outcome === "OK" && !call.over_limit, call.over_limit ? ", over the limit" : "");
}

/** What the bot did in Slack. */
export function entryLine(entry, store) {
  const channel = entry.channel_id && store.channels.get(entry.channel_id);
  const where = channel ? (channel.is_im ? "a direct message" : `#${channel.name}`) : "";
  const name = entry.kind === "ack" ? `ack of ${entry.name}` : entry.name;
  return line(entry, store, name, where, entry.outcome === "ok" && entry.answered, entry.answered ? "" : ", reply lost");
}

function line({ at, outcome }, store, name, where, isGood, after) {
  return h("li", { class: isGood ? "" : "is-bad" },
    h("time", {}, clock(new Date(at * 1000), store.reader, true)),
    h("span", { class: "log-name" }, name),
    where ? h("span", { class: "log-where" }, where) : null,
    h("span", { class: "log-outcome" }, `${outcome}${after}`));
}

function ownLine(line) {
  const isBad = /\b(ERROR|CRITICAL|Traceback)\b/.test(line);
  return h("li", { class: `own${isBad ? " is-bad" : ""}` }, line);
}
