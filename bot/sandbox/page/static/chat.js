// The middle: a channel, or the app with its Home tab and its direct messages; and the thread beside it.

import { drawBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { $, announce, fill, h, icon, keepingFocus } from "./dom.js";
import { emojify } from "./emoji.js";
import { MessageList } from "./messages.js";

export class Chat {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.messages = new MessageList({ app, scroller: $("#timeline") });
    this.composer = new Composer({
      root: $("#composer"), label: "Message", commands: () => this.store.commands,
      send: (text) => {
        this.messages.toEnd();
        return app.say(text, this.store.openChannelId());
      },
    });
  }

  draw() {
    const { place } = this.store;
    const channel = this.store.channels.get(this.store.openChannelId());
    const isApp = place.kind !== "channel";
    fill($("#place-head"), isApp ? this.appHead() : channelHead(channel));
    $("#home").hidden = place.kind !== "home";
    $("#timeline").hidden = place.kind === "home";
    $("#composer").hidden = !channel;
    if (place.kind === "home") this.drawHome();
    else this.messages.show(channel ? this.store.timeline(channel.id) : [], this.intro(channel));
    if (channel) this.composer.relabel(isApp ? `Message ${this.store.botUser.real_name}` : `Message #${channel.name}`, whyNot(channel));
  }

  appHead() {
    const tab = (kind, words) =>
      h("button", {
        type: "button", class: "tab", "aria-current": this.store.place.kind === kind ? "page" : null, data: { focus: `app/${kind}` },
        on: { click: () => this.app.openHome(kind) },
      }, words);
    return [
      h("h1", {}, h("span", { "aria-hidden": "true" }, "📬 "), this.store.botUser.real_name),
      h("div", { class: "tabs" }, tab("home", "Home"), tab("messages", "Messages")),
    ];
  }

  intro(channel) {
    if (!channel) return h("p", {}, "The bot has not written to you. It does when it cannot reach a channel that you subscribed.");
    if (channel.is_im) return h("p", {}, "Between the bot and you. Type the name of a mail, and it tells you how that is doing.");
    return [
      h("p", { class: "intro-title" }, icon(channel.is_private ? "lock" : "hash"), channel.name),
      channel.is_archived
        ? h("p", {}, `#${channel.name} is archived: everybody can read it, nobody can write.`)
        : h("p", {}, `This is the start of #${channel.name}. Type `, h("kbd", {}, "/"), " below to see what the bot can do. Slack and Quick BI are simulated here: nothing leaves this computer."),
      h("button", { type: "button", class: "btn intro-guide", on: { click: () => this.app.openBench("guide") } }, "Show me what to try"),
    ];
  }

  drawHome() {
    const view = this.store.myHome();
    const root = $("#home");
    keepingFocus(root, () => {
      if (!view) return fill(root, h("p", { class: "quiet" }, this.noHome()));
      const surface = this.app.surface({ kind: "home", view_id: view.id });
      return fill(root, drawBlocks(view.source.blocks ?? [], surface));
    });
  }

  noHome() {
    const { store } = this;
    return store.isOutsider(store.reader)
      ? "Slack shows an app’s Home tab to members of its own organisation only."
      : "The bot has not drawn its Home tab for you yet.";
  }

  /** A message came, changed or went, somewhere. */
  update({ message, isNew }) {
    if (!this.store.isOpen(message.channel_id) || !this.store.sees(message)) return;
    if (this.store.isTop(message)) this.messages.update(message, isNew);
    else this.refreshParent(message);
    if (isNew && message.author_id !== this.store.me) this.readAloud(message);
  }

  refreshParent(reply) {
    const parent = this.store.message(reply.channel_id, reply.thread_ts);
    if (parent && this.store.isTop(parent)) this.messages.update(parent, false);
  }

  readAloud(message) {
    const author = this.store.users.get(message.author_id)?.real_name ?? "Slackbot";
    announce(`${author}${message.ephemeral_for ? ", only visible to you" : ""}: ${emojify(message.text)}`);
  }
}

function channelHead(channel) {
  const notes = [channel.is_archived && "archived", channel.is_ext_shared && "shared with another organisation", channel.is_private && "private"].filter(Boolean);
  return [h("h1", {}, icon(channel.is_private ? "lock" : "hash"), channel.name), notes.length ? h("p", { class: "place-note" }, notes.join(" · ")) : null];
}

function whyNot(channel) {
  return channel.is_archived ? "This channel is archived: nobody can write here." : null;
}

export class Thread {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.root = $("#thread");
    this.messages = new MessageList({ app, scroller: $("#thread-messages"), inThread: true });
    this.composer = new Composer({
      root: $("#thread-composer"), label: "Reply", commands: () => [],
      send: (text) => {
        this.messages.toEnd();
        return app.say(text, this.store.openChannelId(), this.store.thread);
      },
    });
    $("#thread-close").addEventListener("click", () => this.close());
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
  }

  draw() {
    const ts = this.store.thread;
    const channel = this.store.openChannelId();
    this.root.hidden = !ts;
    document.body.classList.toggle("has-thread", Boolean(ts));
    if (!ts) return;
    const parent = this.store.message(channel, ts);
    const gone = parent ? null : h("p", { class: "quiet" }, "The first message of this thread was deleted.");
    this.messages.show([parent, ...this.store.replies(channel, ts)].filter(Boolean), gone);
  }

  close() {
    const ts = this.store.thread;
    this.store.openThread(null);
    const opener = $(`[data-focus="thread/${ts}"]`);
    (opener ?? $("#composer textarea"))?.focus();
  }

  update({ message, isNew }) {
    const ts = this.store.thread;
    if (ts && this.store.sees(message) && (message.ts === ts || message.thread_ts === ts)) this.messages.update(message, isNew);
  }
}
