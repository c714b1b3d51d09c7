// A list of messages: a channel's timeline or a thread. Draws one message at a time, so that the rest stays put.

import { drawBlocks } from "./blocks.js";
import { fill, h, icon, keepingFocus } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { clock, dayName, exactTime } from "./time.js";

const NEAR_END = 120;
const SLACKBOT = { id: "USLACKBOT", real_name: "Slackbot", is_bot: true };

export class MessageList {
  /** `app` has the store, makes surfaces for blocks, opens threads and deletes. */
  constructor({ app, scroller, inThread = false }) {
    this.app = app;
    this.scroller = scroller;
    this.inThread = inThread;
    this.nodes = new Map();
    this.list = h("ol", { class: "messages" });
    this.follows = true;
    this.pill = h("button", { type: "button", class: "new-messages", hidden: true, on: { click: () => this.toNewest() } }, "New messages ↓");
    scroller.append(this.list, h("div", { class: "new-messages-root" }, this.pill));
    scroller.addEventListener("scroll", () => {
      this.follows = this.isAtEnd();
      if (this.follows) this.pill.hidden = true;
    });
    const resized = new ResizeObserver(() => this.follows && this.toEnd());
    resized.observe(scroller);
    resized.observe(this.list);
  }

  /** Draw these messages, and go to the end. */
  show(messages, intro = null) {
    this.nodes.clear();
    this.lastDay = null;
    fill(this.list, intro ? h("li", { class: "intro" }, intro) : null);
    for (const message of messages) this.append(message);
    this.toEnd();
  }

  /** A message came, changed or went. */
  update(message, isNew) {
    const follow = this.isAtEnd();
    this.change(message, isNew);
    if (follow) this.toEnd();
    else if (isNew && !message.is_deleted) this.pill.hidden = false;
  }

  change(message, isNew) {
    const old = this.nodes.get(message.ts);
    if (message.is_deleted) {
      old?.remove();
      this.nodes.delete(message.ts);
    } else if (old) {
      keepingFocus(old, () => fill(old, this.draw(message)));
    } else if (isNew) {
      this.append(message);
    }
  }

  append(message) {
    const { store } = this.app;
    const when = new Date(Number(message.ts) * 1000);
    const day = dayName(when, new Date(), store.reader.tz);
    if (day !== this.lastDay && !this.inThread) this.list.append(h("li", { class: "day" }, h("span", {}, day)));
    this.lastDay = day;
    const node = h("li", { class: "message-item" }, this.draw(message));
    this.nodes.set(message.ts, node);
    this.list.append(node);
  }

  draw(message) {
    const { store } = this.app;
    const author = store.users.get(message.author_id) ?? SLACKBOT;
    const when = new Date(Number(message.ts) * 1000);
    const headId = `m-${this.inThread ? "t-" : ""}${message.ts}`;
    return h(
      "article",
      { class: `message${message.ephemeral_for ? " is-ephemeral" : ""}${store.spotted === message.ts ? " is-spotted" : ""}`, "aria-labelledby": headId, tabindex: "-1", data: { ts: message.ts } },
      avatar(author),
      h("div", { class: "message-main" },
        message.ephemeral_for ? h("p", { class: "only-you" }, icon("lock"), "Only visible to you") : null,
        h("p", { class: "message-head", id: headId },
          h("span", { class: "author" }, author.real_name),
          author.is_bot && author !== SLACKBOT ? h("span", { class: "tag" }, "APP") : null,
          store.isOutsider(author) && !author.is_bot ? h("span", { class: "tag tag-outsider" }, "OTHER ORGANISATION") : null,
          h("time", { datetime: when.toISOString(), title: exactTime(when, store.reader) }, clock(when, store.reader))),
        this.body(message),
        this.inThread ? null : this.threadLink(message)),
      message.ephemeral_for ? null : this.tools(message),
    );
  }

  body(message) {
    const surface = this.app.surface({ kind: "message", channel: message.channel_id, ts: message.ts });
    const parts = message.blocks.length ? [drawBlocks(message.blocks, surface)] : [h("div", { class: "words" }, mrkdwn(message.text, surface.who))];
    if (message.edited_ts) parts.push(h("span", { class: "edited", title: "This message was changed in place" }, "(edited)"));
    return h("div", { class: "message-body" }, parts);
  }

  threadLink(message) {
    const { store } = this.app;
    const replies = store.replies(message.channel_id, message.ts);
    if (!replies.length) return null;
    const last = clock(new Date(Number(replies.at(-1).ts) * 1000), store.reader);
    return h("button", { type: "button", class: "thread-link", data: { focus: `thread/${message.ts}` }, on: { click: () => this.app.openThread(message) } },
      icon("thread"), h("strong", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`), h("span", {}, `last at ${last}`));
  }

  tools(message) {
    return h("div", { class: "tools", role: "group", "aria-label": "Message actions" },
      this.inThread ? null : h("button", { type: "button", class: "icon-btn", title: "Reply in thread", "aria-label": "Reply in thread to this message", on: { click: () => this.app.openThread(message) } }, icon("thread")),
      Object.entries(this.app.store.shortcuts).map(([id, name]) => h("button", { type: "button", class: "icon-btn", title: `${name} (the app’s shortcut)`, "aria-label": `${name} Shortcut of the app`, on: { click: () => this.app.useShortcut(id, message) } }, icon("bolt"))),
      h("button", { type: "button", class: "icon-btn", title: "Delete message", "aria-label": "Delete this message", on: { click: () => this.app.remove(message) } }, icon("trash")));
  }

  isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  /** The pill goes when it is pressed, so the focus goes to the messages. */
  toNewest() {
    this.toEnd();
    this.scroller.focus({ preventScroll: true });
  }

  toEnd() {
    this.pill.hidden = true;
    this.follows = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

const HUES = 6;

/** A picture of a person: initials on a colour that is theirs alone. */
export function avatar(user) {
  if (user === SLACKBOT) return h("span", { class: "avatar avatar-slackbot", "aria-hidden": "true" }, "🤖");
  if (user.is_bot) return h("span", { class: "avatar avatar-bot", "aria-hidden": "true" }, "📬");
  const initials = user.real_name.replace(/\(.*\)/, "").trim().split(/\s+/).map((word) => word[0]).join("").slice(0, 2);
  const hue = [...user.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % HUES;
  return h("span", { class: `avatar hue-${hue}`, "aria-hidden": "true" }, initials.toUpperCase());
}
