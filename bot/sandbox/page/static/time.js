// Times as Slack words them, in the zone and the clock of the person who reads.

const DAY = 86_400_000;

function parts(date, zone, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }).format(date);
}

/** Calendar days between two instants, as someone in this zone counts them. */
function daysApart(date, now, zone) {
  const day = (when) => {
    const [month, dayOfMonth, year] = parts(when, zone, { year: "numeric", month: "numeric", day: "numeric" }).split("/");
    return Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth));
  };
  return Math.round((day(date) - day(now)) / DAY);
}

function pretty(plain, date, now, zone) {
  const days = daysApart(date, now, zone);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? plain;
}

export function clock(date, person, seconds = false) {
  const options = { hour: "numeric", minute: "2-digit", hour12: person.locale === "en-US" };
  if (seconds) options.second = "2-digit";
  return parts(date, person.tz, options);
}

export function ago(date, now) {
  const seconds = Math.round((now - date) / 1000);
  const size = Math.abs(seconds);
  const words =
    size < 45 ? "a few seconds" : size < 5400 ? `${Math.round(size / 60)} min` : size < 129_600 ? `${Math.round(size / 3600)} h` : `${Math.round(size / 86_400)} days`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export function dayName(date, now, zone) {
  const plain = parts(date, zone, { weekday: "long", month: "long", day: "numeric" });
  const words = pretty(plain, date, now, zone);
  return words[0].toUpperCase() + words.slice(1);
}

/** `<!date^…>`: https://docs.slack.dev/messaging/formatting-message-text/#date-formatting */
export function formatDate(unix, format, person, now = new Date()) {
  const date = new Date(unix * 1000);
  const zone = person.tz;
  const long = parts(date, zone, { weekday: "long", month: "long", day: "numeric", year: "numeric" });
  const medium = parts(date, zone, { month: "long", day: "numeric", year: "numeric" });
  const short = parts(date, zone, { month: "short", day: "numeric", year: "numeric" });
  const tokens = {
    date_num: new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(date),
    date: medium,
    date_short: short,
    date_long: long,
    date_pretty: pretty(medium, date, now, zone),
    date_short_pretty: pretty(short, date, now, zone),
    date_long_pretty: pretty(long, date, now, zone),
    time: clock(date, person),
    time_secs: clock(date, person, true),
    ago: ago(date, now),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => tokens[name] ?? whole);
}

export function exactTime(date, person) {
  return parts(date, person.tz, { dateStyle: "full", timeStyle: "long" });
}

/** Seconds as a person says them: 41 s, 3 min 20 s, 2 h. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 && whole < 600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.round(whole / 60)} min`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.round((whole % 3600) / 60);
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
}
