/**
 * A time as it was sent. `naive` is a wall clock at the origin, `YYYY-MM-DDTHH:MM:SS[.ffffff]`. `instant` is a moment:
 * the same in UTC followed by `+00:00`, or a wall clock elsewhere followed by a space and the name of its time zone,
 * which PostgreSQL resolves like `AT TIME ZONE`. The database computes the other kind from the one that was sent.
 */
export interface SentTime {
  kind: "naive" | "instant";
  text: string;
}

/** Whether the day and the time of day exist. */
export function exists(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  if (year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  if (day < 1 || day > 31) return false;
  if (day <= 28) return true;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? day === 29 && leap : day < 31 || !(month === 4 || month === 6 || month === 9 || month === 11);
}

/**
 * Whether the day and the time of day exist, where 24:00 is the end of a day too, as ISO 8601 and PostgreSQL have it.
 */
export const existsOrEnds = (year: number, month: number, day: number, hour: number, minute: number, second: number) =>
  exists(year, month, day, hour === 24 && minute === 0 && second === 0 ? 0 : hour, minute, second);

/**
 * Makes `YYYY-MM-DDTHH:MM:SS[.ffffff]` from its parts in digits. A fraction is cut after the microsecond. 24:00 becomes
 * the start of the next day.
 */
export function clockText(
  year: string,
  month: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
  fraction: string,
): string {
  const micros = fraction === "" ? "" : fraction.slice(0, 6).replace(/0+$/, "");
  if (hour === "24") return clockText(...nextDay(year, month, day), "00", minute, second, fraction);
  const date = `${year.padStart(4, "0")}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const clock = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}:${second.padStart(2, "0")}`;
  return micros === "" ? `${date}T${clock}` : `${date}T${clock}.${micros}`;
}

function nextDay(year: string, month: string, day: string): [string, string, string] {
  const next = new Date(0);
  next.setUTCFullYear(Number(year), Number(month) - 1, Number(day) + 1);
  return [`${next.getUTCFullYear()}`, `${next.getUTCMonth() + 1}`, `${next.getUTCDate()}`];
}

/**
 * Minutes east of Greenwich of `Z`, `+02`, `+0200` or `+02:00`; undefined beyond 15:59, the limit of PostgreSQL. The
 * widest offsets in use are -12:00 and +14:00.
 */
export function minutesEast(zone: string): number | undefined {
  if (zone.toUpperCase() === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** The UTC text of a clock's time `east` minutes east of Greenwich. One moment has one spelling: `…+00:00`. */
export function utcOf(clock: string, east: number): string {
  const utc = new Date(Date.parse(`${clock.slice(0, 19)}Z`) - east * 60_000).toISOString();
  // The fraction is finer than that of a Date, so it is put back.
  return `${utc.slice(0, 19)}${clock.slice(19)}+00:00`;
}
