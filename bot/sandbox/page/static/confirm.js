// "Are you sure?", as a `confirm` object says. The browser's own <dialog> keeps the focus inside.

import { freshId, h } from "./dom.js";
import { plain, textNodes } from "./mrkdwn.js";

/** Ask as a `confirm` object says. Resolves to whether the person agreed. */
export function confirmed(confirm, who) {
  const id = freshId("confirm");
  const dialog = h(
    "dialog",
    { class: "dialog confirm", "aria-labelledby": id },
    h("form", { method: "dialog" },
      h("h2", { id }, plain(confirm.title.text)),
      h("div", { class: "words" }, textNodes(confirm.text, who)),
      h("div", { class: "dialog-buttons" },
        h("button", { class: "btn", value: "deny" }, plain(confirm.deny.text)),
        h("button", { class: `btn btn-${confirm.style ?? "primary"}`, value: "confirm" }, plain(confirm.confirm.text)))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "confirm");
    });
  });
}
