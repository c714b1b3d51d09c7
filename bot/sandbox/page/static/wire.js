// The one connection to the sandbox: a WebSocket that comes back by itself. Knows nothing of what it carries.

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

export class Wire {
  constructor({ onMessage, onState }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.wait = FIRST_WAIT;
    this.waiting = new Map();
    this.lastId = 0;
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.onState("open");
    });
    this.socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => this.lost());
  }

  lost() {
    this.onState("closed");
    for (const { reject } of this.waiting.values()) reject(new Error("The sandbox went away. This page connects again by itself."));
    this.waiting.clear();
    setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  receive(message) {
    if (message.type !== "reply") return this.onMessage(message);
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) asked?.reject(new Error(message.error));
    else asked?.resolve(message.result);
    return undefined;
  }

  /** Do something in the sandbox: resolves to what came of it, rejects with words for a person. */
  ask(verb, args = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("Not connected to the sandbox."));
    this.lastId += 1;
    const id = this.lastId;
    this.socket.send(JSON.stringify({ id, verb, args }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
}
