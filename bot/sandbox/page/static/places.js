// The left side: who I am, the channels that I see, and the app.

import { fill, h, icon } from "./dom.js";
import { avatar } from "./messages.js";

export function drawPlaces(root, app) {
  const { store } = app;
  const channels = store.myChannels();
  fill(
    root,
    personSwitch(app),
    h("nav", { "aria-label": "Channels" },
      h("h2", { class: "side-title" }, "Channels"),
      h("ul", { class: "side-list" }, channels.map((channel) => h("li", {}, channelLine(channel, app)))),
      h("h2", { class: "side-title" }, "Apps"),
      h("ul", { class: "side-list" }, h("li", {}, appLine(app)))),
  );
}

function personSwitch(app) {
  const { store } = app;
  const options = store.people().map((user) =>
    h("option", { value: user.id, selected: user.id === store.me }, store.isOutsider(user) ? `${user.real_name}: other organisation` : user.real_name));
  return h("section", { class: "person", "aria-label": "Who you are" },
    avatar(store.reader),
    h("div", { class: "person-words" },
      h("label", { for: "person-select" }, "You are"),
      h("select", { id: "person-select", data: { focus: "person" }, on: { change: (event) => store.become(event.target.value) } }, options)));
}

function channelLine(channel, app) {
  const { store } = app;
  return sideLine({
    name: channel.name, channel: channel.name, focus: `place/${channel.id}`, mark: icon(channel.is_private ? "lock" : "hash"),
    isHere: store.place.kind === "channel" && store.place.id === channel.id, unread: store.unread.has(channel.id), isArchived: channel.is_archived,
    notes: [channel.is_private && "private", channel.is_ext_shared && "shared with another organisation"],
    more: channel.is_ext_shared ? icon("shared") : null,
    open: () => store.open({ kind: "channel", id: channel.id }),
  });
}

function appLine(app) {
  const { store } = app;
  const unread = store.unread.has(store.myDirectMessages()?.id);
  return sideLine({
    name: store.botUser.real_name, channel: "app", focus: "place/app", mark: h("span", { class: "side-emoji", "aria-hidden": "true" }, "📬"),
    isHere: ["home", "messages"].includes(store.place.kind), unread, open: () => app.openHome(unread ? "messages" : "home"),
  });
}

function sideLine({ name, channel, focus, mark, isHere, unread, isArchived = false, notes = [], more = null, open }) {
  const said = [...notes, isArchived && "archived", unread && "new messages"].filter(Boolean);
  return h("button", {
    type: "button", class: `side-line${isHere ? " here" : ""}${unread ? " unread" : ""}${isArchived ? " archived" : ""}`,
    "aria-current": isHere ? "page" : null, data: { focus, channel }, on: { click: open },
  },
  mark,
  h("span", { class: "side-name" }, name),
  more,
  isArchived ? h("span", { class: "side-note", "aria-hidden": "true" }, "archived") : null,
  said.length ? h("span", { class: "only-read" }, ` (${said.join(", ")})`) : null);
}
