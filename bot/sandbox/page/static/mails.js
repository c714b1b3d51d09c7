// Quick BI's mails as its own page would list them, and what can be made to happen to each.

import { announce, fill, h, icon, keepingFocus, toast } from "./dom.js";
import { duration } from "./time.js";

const GROUPS = [
  ["lively", "Running by themselves", "A day passes here in minutes: watch their runs arrive."],
  ["states", "One for each state", "What /mail-status says of each."],
  ["refusals", "One for each refusal", "What a person is told when Quick BI says no."],
  ["malformed", "Answers that nobody promised", "Quick BI’s API at its worst."],
  ["storm", "For the storm", "They stay quiet until the storm under Trouble."],
  ["added", "Others", ""],
];

const STATE_WORDS = { SENT: "sent", FAILED: "failed", PROCESSING: "running", none: "never ran" };

export class Mails {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.opened = null;
    this.query = "";
    this.rows = new Map();
    app.store.on("mails", (news) => this.refresh(news));
    setInterval(() => this.tick(), 1000);
  }

  draw() {
    const { mails } = this.app.store;
    this.rows.clear();
    const search = h("input", {
      type: "search", class: "typed", placeholder: "Find a mail", "aria-label": "Find a mail", value: this.query, data: { focus: "mail-search" },
      on: { input: (event) => { this.query = event.target.value; keepingFocus(this.root, () => this.draw()); } },
    });
    const groups = GROUPS.map(([group, title, words]) => this.group(title, words, this.found(mails, group), group)).filter(Boolean);
    const empty = groups.length ? null : h("p", { class: "quiet" }, "No mail has these words in its name or ID.");
    fill(this.root, search, groups, empty);
    this.tick();
  }

  found(mails, group) {
    const query = this.query.toLowerCase();
    return mails.filter((mail) => mail.group === group && `${mail.name} ${mail.mail_id} ${mail.shows}`.toLowerCase().includes(query));
  }

  group(title, words, mails, group) {
    if (!mails.length) return null;
    const open = Boolean(this.query) || group !== "storm" && group !== "malformed";
    return h("details", { class: "mail-group", open },
      h("summary", {}, h("span", { class: "mail-group-name" }, title), h("span", { class: "count" }, String(mails.length))),
      words ? h("p", { class: "mail-group-words" }, words) : null,
      h("ul", { class: "mails" }, mails.map((mail) => this.row(mail))));
  }

  row(mail) {
    const node = h("li", { class: "mail", data: { mail: mail.mail_id } });
    this.rows.set(mail.mail_id, { node, mail });
    this.drawRow(mail.mail_id);
    return node;
  }

  drawRow(id) {
    const { node, mail } = this.rows.get(id);
    const isOpen = this.opened === id;
    keepingFocus(node, () => fill(node,
      h("div", { class: "mail-line" },
        h("button", {
          type: "button", class: "mail-open", "aria-expanded": String(isOpen), data: { focus: `mail/${id}` }, on: { click: () => this.toggle(id) },
        }, stateChip(mail), h("span", { class: "mail-name" }, mail.name)),
        h("button", { type: "button", class: "btn", "aria-label": `Ask about ${mail.name}`, data: { focus: `use/${id}` }, on: { click: () => this.app.compose(`/mail-status ${mail.mail_id}`) } }, "Ask")),
      h("p", { class: "mail-shows" }, h("span", { class: "mail-when", data: { when: id } }), mail.shows),
      notes(mail),
      isOpen ? this.details(mail) : null));
  }

  toggle(id) {
    const before = this.opened;
    this.opened = before === id ? null : id;
    for (const each of [before, id]) if (this.rows.has(each)) this.drawRow(each);
    this.tick();
  }

  details(mail) {
    const use = (command, words) => h("button", { type: "button", class: "btn", data: { focus: `${command}/${mail.mail_id}` }, on: { click: () => this.app.compose(`/${command} ${mail.mail_id}`) } }, words);
    return h("div", { class: "mail-details" },
      h("p", { class: "mail-id" }, h("code", {}, mail.mail_id),
        h("button", { type: "button", class: "icon-btn", title: "Copy the ID", "aria-label": `Copy the ID of ${mail.name}`, on: { click: () => copy(mail.mail_id) } }, icon("copy"))),
      h("p", { class: "mail-facts" }, [mail.plan, `owner ${mail.owner}`, mail.last && `task ${mail.last.task_id}`].filter(Boolean).join(" · ")),
      h("p", { class: "use-title" }, "Put into the composer"),
      h("div", { class: "use" }, use("mail-status", "Status"), use("mail-subscribe", "Subscribe"), use("mail-history", "History"), use("mail-run", "Run")),
      h("ul", { class: "controls" }, controlsOf(mail).map((control) => this.control(mail, control))));
  }

  control(mail, { verb, words, effect, isOn }) {
    return h("li", {},
      h("button", { type: "button", class: `btn${isOn ? " is-on" : ""}`, data: { focus: `${verb}/${mail.mail_id}` }, on: { click: () => this.act(mail, verb, effect) } }, words),
      h("span", { class: "effect" }, effect));
  }

  async act(mail, verb, effect) {
    const done = await this.app.attempt("mail", { mail_id: mail.mail_id, what: verb });
    if (done) announce(`${mail.name}: ${effect}`);
  }

  /** A panel that nobody sees is drawn when its tab is chosen. */
  refresh({ changed, isNewList }) {
    if (this.root.hidden) return undefined;
    if (isNewList) return this.draw();
    for (const mail of changed) {
      const row = this.rows.get(mail.mail_id);
      if (!row) continue;
      row.mail = mail;
      this.drawRow(mail.mail_id);
    }
    return this.tick();
  }

  /** The countdowns, without drawing anything else again. */
  tick() {
    if (this.root.hidden || !this.app.store.ready) return;
    const now = Date.now() / 1000;
    for (const { node, mail } of this.rows.values()) {
      const place = node.querySelector(".mail-when");
      place.textContent = whenWords(mail, now);
    }
  }
}

function whenWords(mail, now) {
  if (mail.paused) return "paused";
  if (mail.last?.status === "PROCESSING") return `for ${duration(now - mail.last.began_at)}`;
  if (mail.next_at) return mail.next_at > now ? `in ${duration(mail.next_at - now)}` : "now";
  return "";
}

function stateChip(mail) {
  const status = mail.last?.status ?? "none";
  return h("span", { class: `state state-${STATE_WORDS[status] ? status.toLowerCase() : "other"}` }, STATE_WORDS[status] ?? status);
}

function notes(mail) {
  const lines = [
    mail.fail_next && `its next ${mail.fail_next === 1 ? "run fails" : `${mail.fail_next} runs fail`}`,
    mail.failing && "its runs fail for a while",
    mail.hang_next && "its next run will hang",
    mail.skip_next && "its next run will not start",
    !mail.permitted && "the bot may not see it",
  ].filter(Boolean);
  return lines.length ? h("p", { class: "mail-note" }, `⚡ ${lines.join(", ")}`) : null;
}

function controlsOf(mail) {
  const running = mail.last?.status === "PROCESSING";
  return [
    { verb: "run_now", words: "Run it now", effect: "A run starts, as if its time had come." },
    { verb: "fail_next", words: "Fail the next run", effect: "Subscribed channels get one notice; recovery edits it.", isOn: mail.fail_next > 0 },
    { verb: "fail_hour", words: "Fail for an hour", effect: "A minute here. Still one message: it counts the failed runs.", isOn: mail.failing },
    !running && { verb: "hang", words: "Let a run hang", effect: "It began 16 minutes ago and does not end: at the next look the bot calls it stuck." },
    running && { verb: "release", words: "End the run", effect: "What is processing now is sent." },
    mail.has_plan && { verb: "skip_next", words: "Skip the next run", effect: "It silently never starts. Once the bot knows the mail’s rhythm, it says that it is late.", isOn: mail.skip_next > 0 },
    mail.paused
      ? { verb: "resume", words: "Resume", effect: "It runs again as planned." }
      : { verb: "pause", words: "Pause", effect: "Channels are told once the bot has read the list of mails again, within 10 minutes. A paused mail is never late." },
    mail.permitted
      ? { verb: "revoke", words: "Take access away", effect: "After a second look, a minute later, channels are told that the bot cannot see it any more." }
      : { verb: "grant", words: "Give access back", effect: "The bot sees it again." },
    { verb: "mend", words: "Nothing goes wrong", effect: "Takes back what was to fail, hang or be skipped." },
  ].filter(Boolean);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser did not allow copying: mark the ID and copy it by hand.", { tone: "bad" });
  }
}
