// The shortcodes that messages use, as characters. Others stay as they were typed.

import { h } from "./dom.js";

const CODES = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_forward: "▶️", arrow_right: "➡️", arrows_counterclockwise: "🔄",
  ballot_box_with_check: "☑️", bangbang: "‼️", bar_chart: "📊", bell: "🔔", bellhop_bell: "🛎️", black_circle: "⚫",
  blue_circle: "🔵", blush: "😊", books: "📚", boom: "💥", broken_heart: "💔", brown_circle: "🟤", bug: "🐛", bulb: "💡",
  calendar: "📆", chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈", clipboard: "📋", clock3: "🕒",
  clock9: "🕘", closed_lock_with_key: "🔐", construction: "🚧", cry: "😢", date: "📅", double_vertical_bar: "⏸️",
  e_mail: "📧", electric_plug: "🔌", email: "✉️", envelope: "✉️", exclamation: "❗", eyes: "👀", fire: "🔥", gear: "⚙️",
  globe_with_meridians: "🌐", grey_exclamation: "❕", grey_question: "❔", hammer_and_wrench: "🛠️", heart: "❤️",
  heavy_check_mark: "✔️", heavy_multiplication_x: "✖️", heavy_plus_sign: "➕", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", house: "🏠", inbox_tray: "📥", information_source: "ℹ️", key: "🔑",
  large_blue_circle: "🔵", large_blue_square: "🟦", large_green_circle: "🟢", large_green_square: "🟩",
  large_orange_circle: "🟠", large_orange_square: "🟧", large_purple_circle: "🟣", large_red_square: "🟥",
  large_yellow_circle: "🟡", large_yellow_square: "🟨", link: "🔗", lock: "🔒", loud_sound: "🔊", mag: "🔍",
  mag_right: "🔎", mailbox: "📫", mailbox_with_mail: "📬", memo: "📝", mute: "🔇", no_bell: "🔕", no_entry: "⛔",
  no_entry_sign: "🚫", octagonal_sign: "🛑", ok: "🆗", outbox_tray: "📤", page_facing_up: "📄",
  pause_button: "⏸️", pushpin: "📌", question: "❓", red_circle: "🔴", repeat: "🔁", rocket: "🚀", rotating_light: "🚨",
  sad: "😞", satellite: "📡", scroll: "📜", shield: "🛡️", skull: "💀", sleeping: "😴", snail: "🐌", snowflake: "❄️",
  sos: "🆘", sparkles: "✨", speech_balloon: "💬", stopwatch: "⏱️", tada: "🎉", thinking_face: "🤔", thumbsup: "👍",
  timer_clock: "⏲️", traffic_light: "🚦", triangular_flag_on_post: "🚩", turtle: "🐢", unlock: "🔓",
  vertical_traffic_light: "🚦", warning: "⚠️", wastebasket: "🗑️", watch: "⌚", wave: "👋", white_check_mark: "✅",
  white_circle: "⚪", white_large_square: "⬜", black_large_square: "⬛", white_small_square: "▫️", wrench: "🔧",
  x: "❌", yellow_circle: "🟡", zap: "⚡", zipper_mouth_face: "🤐", zzz: "💤", point_right: "👉", point_down: "👇",
  crescent_moon: "🌙", sunrise: "🌅", bookmark_tabs: "📑", card_index_dividers: "🗂️", envelope_with_arrow: "📩",
  incoming_envelope: "📨", robot_face: "🤖", ghost: "👻", pray: "🙏", slightly_smiling_face: "🙂", smile: "😄",
};

/** An emoji that a screen reader names; null if this page does not know the shortcode. */
export function emoji(name) {
  const character = CODES[name];
  return character ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, character) : null;
}

/** Shortcodes replaced within plain words, for labels and notifications. */
export function emojify(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => CODES[name] ?? whole);
}
