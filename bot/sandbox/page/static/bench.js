// The right side: the first minute, Quick BI's mails, trouble to make, and what the bot did.

import { $, fill, h } from "./dom.js";
import { Guide } from "./guide.js";
import { Log } from "./log.js";
import { Mails } from "./mails.js";
import { Trouble } from "./trouble.js";

const TABS = [
  ["guide", "Start here", Guide],
  ["mails", "Mails", Mails],
  ["trouble", "Trouble", Trouble],
  ["log", "Log", Log],
];

export class Bench {
  constructor(app) {
    this.app = app;
    this.tab = "guide";
    this.rooms = new Map();
    this.buttons = new Map();
    fill($("#bench-tabs"), TABS.map((each) => this.build(app, each)));
    app.store.on("bot", () => this.drawBot());
    app.store.on("loaded", () => this.drawBot());
    this.select("guide");
  }

  build(app, [name, words, Room]) {
    const panel = h("div", { id: `bench-${name}`, role: "tabpanel", class: "bench-panel", "aria-labelledby": `tab-${name}`, tabindex: "0" });
    $("#bench-body").append(panel);
    this.rooms.set(name, { panel, room: new Room(app, panel) });
    const button = h("button", {
      type: "button", role: "tab", id: `tab-${name}`, class: "tab", "aria-controls": `bench-${name}`,
      on: { click: () => this.select(name), keydown: (event) => this.key(event, name) },
    }, words);
    this.buttons.set(name, button);
    return button;
  }

  key(event, name) {
    const names = TABS.map(([each]) => each);
    const to = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!to) return;
    const next = names.at((names.indexOf(name) + to) % names.length);
    this.select(next);
    this.buttons.get(next).focus();
  }

  select(name) {
    this.tab = name;
    for (const [each, { panel }] of this.rooms) panel.hidden = each !== name;
    for (const [each, button] of this.buttons) {
      button.setAttribute("aria-selected", String(each === name));
      button.tabIndex = each === name ? 0 : -1;
    }
    if (this.app.store.ready) this.rooms.get(name).room.draw();
  }

  draw() {
    this.rooms.get(this.tab).room.draw();
  }

  drawBot() {
    const { bot } = this.app.store;
    const line = $("#bot-state");
    line.className = `bot-state is-${bot.state}`;
    fill(line, h("span", {}, bot.words));
    line.title = bot.words;
  }
}
