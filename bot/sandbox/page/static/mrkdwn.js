// Slack's mrkdwn as DOM nodes: bold, italic, strike, code, quotes, links, mentions, dates, emoji, escapes.
// https://docs.slack.dev/messaging/formatting-message-text/

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { exactTime, formatDate } from "./time.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const EMOJI = /^:([a-z0-9_+'-]+):/;
const BARE_LINK = /^https?:\/\/[^\s<>|*`]+[^\s<>|*`.,;:!?)'"]/;
const PICTURES = /((?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)(?:\u200D\p{Extended_Pictographic}\uFE0F?)*)+)/u;
const WORD = /[\p{L}\p{N}]/u;

export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Nodes for mrkdwn text. `who` knows the reader, people's and channels' names. */
export function mrkdwn(text, who) {
  return text.split(/(```[\s\S]+?```)/).flatMap((part, index) => {
    if (index % 2 === 1) return [h("pre", {}, literal(part.slice(3, -3).replace(/^\n|\n$/g, "")))];
    return quoted(part, who);
  });
}

/** plain_text: shortcodes become emoji, nothing else does. */
export function plain(text, useEmoji = true) {
  if (!useEmoji) return pictures(unescape(text));
  return text.split(/(:[a-z0-9_+'-]+:)/).flatMap((part, index) => (index % 2 && emoji(part.slice(1, -1))) || pictures(unescape(part)));
}

/** Words, with the emoji among them upright and in colour whatever stands around them. */
function pictures(words) {
  return words.split(PICTURES).map((part, index) => (index % 2 ? h("span", { class: "emoji" }, part) : part));
}

/** Nodes for a text object of either kind. */
export function textNodes(object, who) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, who) : plain(object.text, object.emoji !== false);
}

function quoted(text, who) {
  const nodes = [];
  let lines = [];
  let quoting = false;
  const flush = () => {
    if (lines.length) {
      const body = inline(lines.join("\n"), who);
      nodes.push(...(quoting ? [h("blockquote", {}, body)] : body));
    }
    lines = [];
  };
  for (const line of text.split("\n")) {
    const quote = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (Boolean(quote) !== quoting) {
      flush();
      quoting = Boolean(quote);
    }
    lines.push(quote ? quote[1] : line);
  }
  flush();
  return nodes;
}

function inline(text, who) {
  const nodes = [];
  let words = "";
  const put = (node) => {
    if (words) nodes.push(...pictures(unescape(words)));
    words = "";
    if (node) nodes.push(node);
  };
  let at = 0;
  while (at < text.length) {
    const found = span(text, at, who);
    if (found) {
      put(found.node);
      at = found.end;
    } else {
      words += text[at];
      at += 1;
    }
  }
  put(null);
  return nodes;
}

/** What begins at this place, if anything does: its node and where it ends. */
function span(text, at, who) {
  const sign = text[at];
  if (sign === "`") return code(text, at);
  if (sign === "<") return entity(text, at, who);
  if (sign === ":") return shortcode(text, at);
  if (sign in MARKS) return marked(text, at, who);
  if (sign === "h" && !WORD.test(text[at - 1] ?? " ")) return bareLink(text, at);
  return null;
}

function code(text, at) {
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1 || text.slice(at, end).includes("\n")) return null;
  return { node: h("code", {}, literal(text.slice(at + 1, end))), end: end + 1 };
}

/** Inside code nothing is formatted, but a link still shows its words and not its brackets. */
function literal(text) {
  return unescape(text.replace(/<([^<>|\s]+)\|([^<>]+)>/g, "$2").replace(/<(https?:[^<>|\s]+)>/g, "$1"));
}

function shortcode(text, at) {
  const found = text.slice(at, at + 60).match(EMOJI);
  const node = found && emoji(found[1]);
  return node ? { node, end: at + found[0].length } : null;
}

function bareLink(text, at) {
  const found = text.slice(at).match(BARE_LINK);
  return found ? { node: link(unescape(found[0]), unescape(found[0])), end: at + found[0].length } : null;
}

function marked(text, at, who) {
  const sign = text[at];
  if (WORD.test(text[at - 1] ?? " ") || /\s/.test(text[at + 1] ?? " ")) return null;
  const end = closing(text, at, sign);
  return end ? { node: h(MARKS[sign], {}, inline(text.slice(at + 1, end), who)), end: end + 1 } : null;
}

/** Where the mark opened at `at` closes: on the same line, not inside code or an entity. */
function closing(text, at, sign) {
  for (let i = at + 1; i < text.length && text[i] !== "\n"; i += 1) {
    if (text[i] === "`" || text[i] === "<") {
      const skip = text.indexOf(text[i] === "`" ? "`" : ">", i + 1);
      if (skip > 0) i = skip;
    } else if (text[i] === sign && i > at + 1 && !/\s/.test(text[i - 1]) && !WORD.test(text[i + 1] ?? " ")) {
      return i;
    }
  }
  return null;
}

function entity(text, at, who) {
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  const [target, ...rest] = text.slice(at + 1, end).split("|");
  const label = rest.length ? unescape(rest.join("|")) : null;
  const node = drawEntity(target, label, who, beginsSentence(text, at));
  return node ? { node, end: end + 1 } : null;
}

/** Whether a capital belongs here: at the start, behind a line's end or a full stop. */
function beginsSentence(text, at) {
  return /(^|[\n.!?]) *$/.test(text.slice(0, at));
}

function drawEntity(target, label, who, isFirst) {
  if (target.startsWith("@")) return mention(who.userName(target.slice(1)) ?? label ?? target.slice(1), target.slice(1) === who.reader.id);
  if (target.startsWith("#")) return channelLink(target.slice(1), label, who);
  if (target.startsWith("!date^")) return date(target, label, who, isFirst);
  if (target.startsWith("!subteam^")) return mention((who.groupName(target.slice("!subteam^".length)) ?? label ?? "group").replace(/^@/, ""));
  if (/^!(here|channel|everyone)$/.test(target)) return mention(target.slice(1), true);
  return safeUrl(unescape(target)) ? link(unescape(target), label ?? unescape(target)) : null;
}

export function mention(name, isMe = false) {
  return h("span", { class: isMe ? "mention mention-me" : "mention" }, `@${name}`);
}

export function channelLink(id, label, who) {
  const name = who.channelName(id) ?? label ?? id;
  return h("button", { type: "button", class: "mention as-link", on: { click: () => who.openChannel(id) } }, `#${name}`);
}

function date(target, label, who, isFirst) {
  const [, unix, format, url] = target.split("^");
  const instant = Number(unix);
  if (!Number.isFinite(instant)) return h("span", {}, label ?? "");
  const when = new Date(instant * 1000);
  const lower = formatDate(instant, unescape(format ?? "{date} {time}"), who.reader);
  const words = isFirst ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower;
  const node = h("time", { datetime: when.toISOString(), title: exactTime(when, who.reader) }, words);
  return url && safeUrl(unescape(url)) ? link(unescape(url), node) : node;
}

export function safeUrl(url) {
  return /^(https?:\/\/|mailto:|tel:)/i.test(url);
}

export function link(url, label) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}
