// Light or dark: as the system says until the person says otherwise.

import { fill, icon } from "./dom.js";

const KEY = "sandbox-theme";

export class Theme {
  constructor(button) {
    this.button = button;
    this.system = window.matchMedia("(prefers-color-scheme: dark)");
    this.system.addEventListener("change", () => this.apply());
    button.addEventListener("click", () => this.toggle());
  }

  get isDark() {
    const chosen = localStorage.getItem(KEY);
    return chosen ? chosen === "dark" : this.system.matches;
  }

  toggle() {
    localStorage.setItem(KEY, this.isDark ? "light" : "dark");
    this.apply();
  }

  apply() {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    this.button.setAttribute("aria-label", this.isDark ? "Use light colours" : "Use dark colours");
    fill(this.button, icon(this.isDark ? "sun" : "moon"));
  }
}
