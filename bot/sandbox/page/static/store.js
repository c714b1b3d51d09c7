// What this page knows, and who looks at it. Filled by the server's snapshot and changes; draws nothing.

const LONGEST_LOG = 400;

export class Store {
  constructor() {
    this.listeners = new Map();
    this.me = null;
    this.place = null;
    this.thread = null;
    this.spotted = null; // the message that the guide points at
    this.unread = new Set();
    this.ready = false;
  }

  on(topic, listener) {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  emit(topic, detail) {
    for (const listener of this.listeners.get(topic) ?? []) listener(detail);
  }

  // Filling

  load(snapshot) {
    this.team = snapshot.team_id;
    this.botId = snapshot.bot_user_id;
    this.commands = snapshot.commands;
    this.shortcuts = snapshot.shortcuts;
    this.users = new Map(snapshot.users.map((user) => [user.id, user]));
    this.groups = new Map(snapshot.user_groups.map((group) => [group.id, group]));
    this.channels = new Map(snapshot.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map();
    for (const message of snapshot.messages) this.keep(message);
    this.homes = new Map(snapshot.homes.map((view) => [view.user_id, view]));
    this.modals = new Map();
    for (const view of snapshot.modals) this.modals.set(view.user_id, [view]);
    this.ledger = snapshot.ledger.slice(-LONGEST_LOG);
    this.lines = snapshot.lines.slice(-LONGEST_LOG);
    this.bot = snapshot.bot;
    this.calls = snapshot.calls.slice(-LONGEST_LOG);
    this.mails = snapshot.mails;
    this.troubles = snapshot.troubles;
    this.guideMailId = snapshot.guide_mail_id;
    this.session = snapshot.session;
    this.me ??= this.people()[0].id;
    this.place ??= { kind: "channel", id: this.firstChannel() };
    this.ready = true;
    this.emit("loaded");
  }

  apply(message) {
    const take = {
      snapshot: () => this.load(message.snapshot),
      change: () => this.change(message.kind, message.subject),
      mails: () => this.changeMails(message),
      troubles: () => this.set("troubles", message.troubles),
      call: () => this.addTo("calls", "call", message.call),
      bot: () => this.set("bot", message.bot),
      line: () => this.addTo("lines", "line", message.line),
    }[message.type];
    take?.();
  }

  set(topic, value) {
    this[topic] = value;
    this.emit(topic, value);
  }

  addTo(list, topic, item) {
    this[list].push(item);
    if (this[list].length > LONGEST_LOG) this[list].shift();
    this.emit(topic, item);
  }

  changeMails({ changed, gone }) {
    const now = new Map(this.mails.filter((mail) => !gone.includes(mail.mail_id)).map((mail) => [mail.mail_id, mail]));
    const before = now.size;
    for (const mail of changed) now.set(mail.mail_id, mail);
    this.mails = [...now.values()];
    this.emit("mails", { changed, isNewList: gone.length > 0 || now.size !== before });
  }

  change(kind, subject) {
    if (kind.startsWith("message_")) this.changeMessage(kind, subject);
    else if (subject.type === "home") this.setHome(subject);
    else if (kind.startsWith("view_")) this.changeModal(kind, subject);
    else if (kind === "channel_changed") this.setChannel(subject);
    else if (kind === "channel_deleted") this.dropChannel(subject);
    else if (kind === "logged") this.addTo("ledger", "entry", subject);
  }

  keep(message) {
    if (!this.messages.has(message.channel_id)) this.messages.set(message.channel_id, new Map());
    this.messages.get(message.channel_id).set(message.ts, message);
  }

  changeMessage(kind, message) {
    this.keep(message);
    const isNew = kind === "message_posted";
    if (isNew && this.sees(message) && !this.isOpen(message.channel_id)) {
      this.unread.add(message.channel_id);
      this.emit("places");
    }
    this.emit("message", { message, isNew });
  }

  setHome(view) {
    this.homes.set(view.user_id, view);
    this.emit("home", view);
  }

  changeModal(kind, view) {
    const rest = (this.modals.get(view.user_id) ?? []).filter((each) => each.id !== view.id);
    const stack = this.modals.get(view.user_id) ?? [];
    if (kind === "view_closed") this.modals.set(view.user_id, rest);
    else if (kind === "view_opened") this.modals.set(view.user_id, [...rest, view]);
    else this.modals.set(view.user_id, stack.map((each) => (each.id === view.id ? view : each)));
    this.emit("modal", view);
  }

  setChannel(channel) {
    this.channels.set(channel.id, channel);
    this.emit("places");
  }

  dropChannel(channel) {
    this.channels.delete(channel.id);
    if (this.place.id === channel.id) this.open({ kind: "channel", id: this.firstChannel() });
    this.emit("places");
  }

  // Choosing

  become(userId) {
    this.me = userId;
    this.thread = null;
    const channel = this.place.kind === "channel" ? this.channels.get(this.place.id) : null;
    if (channel && !channel.members.includes(userId)) this.place = { kind: "channel", id: this.firstChannel() };
    this.emit("loaded");
  }

  open(place) {
    this.place = place;
    this.thread = null;
    const channel = this.openChannelId();
    if (channel) this.unread.delete(channel);
    this.emit("place");
  }

  openThread(ts) {
    this.thread = ts;
    this.emit("thread");
  }

  // Looking

  get reader() {
    return this.users.get(this.me);
  }

  get botUser() {
    return this.users.get(this.botId);
  }

  people() {
    return [...this.users.values()].filter((user) => !user.is_bot);
  }

  /** A user or a channel by its name. Throws words for a person. */
  named(kind, name) {
    const found = [...this[kind].values()].find((each) => each.name === name);
    if (!found) throw new Error(`There is no ${name} here any more.`);
    return found;
  }

  isOutsider(user) {
    return user.team_id !== this.team;
  }

  myChannels() {
    return [...this.channels.values()].filter((channel) => !channel.is_im && channel.members.includes(this.me));
  }

  firstChannel() {
    const mine = this.myChannels();
    return (mine.find((channel) => channel.name === "reports") ?? mine[0]).id;
  }

  /** The direct messages with the bot; null until somebody has written. */
  myDirectMessages() {
    return [...this.channels.values()].find((channel) => channel.is_im && channel.members.includes(this.me)) ?? null;
  }

  openChannelId() {
    if (this.place?.kind === "channel") return this.place.id;
    return this.place?.kind === "messages" ? (this.myDirectMessages()?.id ?? null) : null;
  }

  isOpen(channelId) {
    return this.openChannelId() === channelId;
  }

  sees(message) {
    const isMine = !message.ephemeral_for || message.ephemeral_for === this.me;
    return isMine && Boolean(this.channels.get(message.channel_id)?.members.includes(this.me));
  }

  /** What this reader sees of a channel, oldest first: without replies. */
  timeline(channelId) {
    return this.visible(channelId).filter((message) => this.isTop(message));
  }

  isTop(message) {
    return !message.thread_ts || message.thread_ts === message.ts;
  }

  replies(channelId, ts) {
    return this.visible(channelId).filter((message) => message.thread_ts === ts && message.ts !== ts);
  }

  visible(channelId) {
    const all = [...(this.messages.get(channelId)?.values() ?? [])];
    return all.filter((message) => !message.is_deleted && this.sees(message)).sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  message(channelId, ts) {
    const message = this.messages.get(channelId)?.get(ts);
    return message && !message.is_deleted ? message : null;
  }

  topModal() {
    return this.modals.get(this.me)?.at(-1) ?? null;
  }

  myHome() {
    return this.homes.get(this.me) ?? null;
  }
}
