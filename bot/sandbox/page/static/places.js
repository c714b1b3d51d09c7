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
  const isHere = store.place.kind === "channel" && store.place.id === channel.id;
  const unread = store.unread.has(channel.id);
  const notes = [channel.is_private && "private", channel.is_ext_shared && "shared with another organisation", channel.is_archived && "archived", unread && "new messages"].filter(Boolean);
  return h(
    "button",
    {
      type: "button", class: `side-line${isHere ? " here" : ""}${unread ? " unread" : ""}${channel.is_archived ? " archived" : ""}`,
      "aria-current": isHere ? "page" : null, data: { focus: `place/${channel.id}`, channel: channel.name },
      on: { click: () => store.open({ kind: "channel", id: channel.id }) },
    },
    icon(channel.is_private ? "lock" : "hash"),
    h("span", { class: "side-name" }, channel.name),
    channel.is_ext_shared ? icon("shared") : null,
    channel.is_archived ? h("span", { class: "side-note", "aria-hidden": "true" }, "archived") : null,
    notes.length ? h("span", { class: "only-read" }, ` (${notes.join(", ")})`) : null,
  );
}

function appLine(app) {
  const { store } = app;
  const isHere = ["home", "messages"].includes(store.place.kind);
  const direct = store.myDirectMessages();
  const unread = direct && store.unread.has(direct.id);
  return h(
    "button",
    {
      type: "button", class: `side-line${isHere ? " here" : ""}${unread ? " unread" : ""}`, "aria-current": isHere ? "page" : null,
      data: { focus: "place/app", channel: "app" }, on: { click: () => app.openHome(unread ? "messages" : "home") },
    },
    h("span", { class: "side-emoji", "aria-hidden": "true" }, "📬"),
    h("span", { class: "side-name" }, store.botUser.real_name),
    unread ? h("span", { class: "only-read" }, " (new messages)") : null,
  );
}
