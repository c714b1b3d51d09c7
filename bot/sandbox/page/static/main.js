// Puts the page together: the connection, what is known, and the regions that draw it.

import { Bench } from "./bench.js";
import { Chat, Thread } from "./chat.js";
import { $, fill, icon, keepingFocus, toast } from "./dom.js";
import { ModalHost } from "./modal.js";
import { drawPlaces } from "./places.js";
import { Store } from "./store.js";
import { Wire } from "./wire.js";

/** As in the style sheets: where the guide and controls cover the channel, and where a thread leaves no room beside it. */
const NARROW = window.matchMedia("(max-width: 1020px)");
const NARROW_FOR_BOTH = window.matchMedia("(max-width: 1360px)");

const POINTING = 6000; // milliseconds
const THEME_KEY = "sandbox-theme";

class App {
  constructor() {
    this.store = new Store();
    this.wire = new Wire({ onMessage: (message) => this.store.apply(message), onState: (state) => this.setConnection(state) });
    this.chat = new Chat(this);
    this.thread = new Thread(this);
    this.bench = new Bench(this);
    this.modals = new ModalHost({
      surfaceFor: (view) => this.surface({ kind: "modal", view_id: view.id }),
      submit: (view, values) => this.submit(view, values),
      close: (view) => this.attempt("close_view", { user: this.store.me, view_id: view.id }),
    });
    this.listen();
    this.wire.connect();
  }

  listen() {
    const { store } = this;
    const places = () => keepingFocus($("#places"), () => drawPlaces($("#places"), this));
    const draw = () => {
      places();
      this.chat.draw();
      this.thread.draw();
      this.modals.show(store.topModal());
    };
    store.on("loaded", () => {
      document.body.classList.remove("loading");
      draw();
      this.bench.draw();
    });
    store.on("place", () => {
      places();
      this.chat.draw();
      this.thread.draw();
      this.showSide(null);
    });
    store.on("places", () => {
      places();
      if (store.place.kind !== "home") this.chat.draw();
    });
    store.on("thread", () => {
      this.thread.draw();
      this.showSide(store.thread ? "thread" : null);
    });
    store.on("message", (change) => {
      this.chat.update(change);
      this.thread.update(change);
    });
    store.on("home", (view) => view.user_id === store.me && store.place.kind === "home" && this.chat.drawHome());
    store.on("modal", (view) => view.user_id === store.me && this.modals.show(store.topModal()));
  }

  setConnection(state) {
    document.body.classList.toggle("offline", state !== "open");
    $("#offline").hidden = state === "open";
  }

  /** What blocks need to know about where they stand. */
  surface(where) {
    const { store } = this;
    const { kind, ...place } = where;
    return {
      kind,
      key: place.view_id ?? place.ts,
      who: {
        reader: store.reader,
        userName: (id) => store.users.get(id)?.real_name,
        people: () => store.people(),
        groupName: (id) => store.groups.get(id)?.handle,
        channelName: (id) => store.channels.get(id)?.name,
        openChannel: (id) => store.channels.get(id)?.members.includes(store.me) && store.open({ kind: "channel", id }),
      },
      act: (element, blockId, choose) => this.click(element, blockId, choose, place),
      suggest: (element, blockId, query) => this.suggest(element, blockId, query, place),
    };
  }

  /** Do it; what went wrong is shown, not thrown. */
  async attempt(verb, args) {
    try {
      const result = await this.wire.ask(verb, args);
      if (result?.words && !result.message) toast(result.words, { tone: "bad" });
      return result;
    } catch (error) {
      toast(error.message, { tone: "bad" });
      return null;
    }
  }

  say(text, channel, threadTs = null) {
    const verb = text.startsWith("/") ? "type_command" : "post_message";
    return this.attempt(verb, { user: this.store.me, channel, text, thread_ts: threadTs });
  }

  click(element, blockId, choose, place) {
    return this.attempt("click", { user: this.store.me, action_id: element.action_id, block_id: blockId, choose, ...place });
  }

  async suggest(element, blockId, query, place) {
    const outcome = await this.attempt("suggest", { user: this.store.me, action_id: element.action_id, block_id: blockId, query, ...place });
    return outcome?.options ?? [];
  }

  async submit(view, values) {
    const outcome = await this.attempt("submit_view", { user: this.store.me, view_id: view.id, values });
    return outcome?.errors ?? {};
  }

  remove(message) {
    return this.attempt("delete_message", { channel: message.channel_id, ts: message.ts });
  }

  useShortcut(id, message) {
    return this.attempt("use_shortcut", { user: this.store.me, callback_id: id, channel: message.channel_id, ts: message.ts });
  }

  openThread(message) {
    this.store.openThread(message.thread_ts ?? message.ts);
    $("#thread-composer textarea").focus();
  }

  async openHome(kind) {
    this.store.open({ kind });
    await this.attempt(kind === "home" ? "open_home" : "open_messages", { user: this.store.me });
  }

  openBench(tab) {
    this.bench.select(tab);
    this.showBench(true);
  }

  /** On a narrow screen one side covers the channel; on a wide one they stand beside it. */
  showSide(side) {
    document.body.dataset.side = side ?? "";
    $("#show-places").setAttribute("aria-expanded", String(side === "places"));
    this.tellBench();
  }

  /** Covering the channel it is there when called for; beside it, unless it is folded away. */
  isBenchShown() {
    const { dataset, classList } = document.body;
    return this.benchCovers() ? dataset.side === "bench" : !classList.contains("bench-folded");
  }

  benchCovers() {
    return NARROW.matches || (Boolean(this.store.thread) && NARROW_FOR_BOTH.matches);
  }

  showBench(shown) {
    document.body.classList.toggle("bench-folded", !shown && !this.benchCovers());
    this.showSide(shown ? "bench" : null);
  }

  tellBench() {
    $("#show-bench").setAttribute("aria-expanded", String(this.isBenchShown()));
    if (this.store.ready) this.guide.drawStrip();
  }

  /** Point at a message for a while. */
  spot(message) {
    clearTimeout(this.pointing);
    this.lookAway();
    this.store.spotted = message.ts;
    this.pointing = setTimeout(() => this.lookAway(), POINTING);
  }

  lookAway() {
    this.store.spotted = null;
    for (const each of document.querySelectorAll(".is-spotted")) each.classList.remove("is-spotted");
  }

  /** Put words into the composer of the channel that is open, or of the first. */
  compose(text) {
    if (this.store.place.kind !== "channel") this.store.open({ kind: "channel", id: this.store.firstChannel() });
    this.showSide(null);
    this.chat.composer.put(text);
  }
}

/** Light or dark: as the system says until the person says otherwise. */
class Theme {
  constructor(button) {
    this.button = button;
    this.system = window.matchMedia("(prefers-color-scheme: dark)");
    this.system.addEventListener("change", () => this.apply());
    button.addEventListener("click", () => this.toggle());
  }

  get isDark() {
    const chosen = localStorage.getItem(THEME_KEY);
    return chosen ? chosen === "dark" : this.system.matches;
  }

  toggle() {
    localStorage.setItem(THEME_KEY, this.isDark ? "light" : "dark");
    this.apply();
  }

  apply() {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    this.button.setAttribute("aria-label", this.isDark ? "Use light colours" : "Use dark colours");
    fill(this.button, icon(this.isDark ? "sun" : "moon"));
  }
}

function wireButtons(app) {
  const toggle = (side) => () => app.showSide(document.body.dataset.side === side ? null : side);
  $("#show-places").append(icon("menu"));
  $("#show-bench").prepend(icon("bench"));
  $("#thread-close").append(icon("close"));
  $("#bench-close").append(icon("close"));
  $("#show-places").addEventListener("click", toggle("places"));
  $("#show-bench").addEventListener("click", () => app.showBench(!app.isBenchShown()));
  $("#bench-close").addEventListener("click", () => {
    app.showBench(false);
    $("#show-bench").focus();
  });
  for (const query of [NARROW, NARROW_FOR_BOTH]) query.addEventListener("change", () => app.tellBench());
  app.tellBench();
  new Theme($("#theme")).apply();
}

wireButtons(new App());
