// rich_text blocks as DOM nodes. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelLink, link, mention, safeUrl } from "./mrkdwn.js";
import { formatDate } from "./time.js";

const STYLES = { code: "code", strike: "s", italic: "em", bold: "strong" };

export function richText(block, who) {
  return h("div", { class: "rich" }, block.elements.map((part) => drawPart(part, who)));
}

function drawPart(part, who) {
  const leaves = () => part.elements.map((leaf) => drawLeaf(leaf, who));
  switch (part.type) {
    case "rich_text_section":
      return h("div", {}, leaves());
    case "rich_text_quote":
      return h("blockquote", {}, leaves());
    case "rich_text_preformatted":
      return h("pre", {}, leaves());
    case "rich_text_list":
      return h(
        part.style === "ordered" ? "ol" : "ul",
        { class: `indent-${part.indent ?? 0}`, start: part.style === "ordered" && part.offset ? part.offset + 1 : null },
        part.elements.map((item) => h("li", {}, drawPart(item, who))),
      );
    default:
      return h("span", {}, `[${part.type}]`);
  }
}

function drawLeaf(leaf, who) {
  const node = bareLeaf(leaf, who);
  return Object.entries(STYLES).reduce((inner, [style, tag]) => (leaf.style?.[style] ? h(tag, {}, inner) : inner), node);
}

function bareLeaf(leaf, who) {
  switch (leaf.type) {
    case "text":
      return leaf.text;
    case "link":
      return safeUrl(leaf.url) ? link(leaf.url, leaf.text ?? leaf.url) : (leaf.text ?? leaf.url);
    case "user":
      return mention(who.userName(leaf.user_id) ?? leaf.user_id, leaf.user_id === who.reader.id);
    case "channel":
      return channelLink(leaf.channel_id, null, who);
    case "emoji":
      return emoji(leaf.name) ?? `:${leaf.name}:`;
    case "broadcast":
      return mention(leaf.range, true);
    case "usergroup":
      return mention(leaf.usergroup_id);
    case "date":
      return h("time", {}, formatDate(leaf.timestamp, leaf.format, who.reader));
    case "color":
      return h("code", {}, leaf.value);
    default:
      return `[${leaf.type}]`;
  }
}
