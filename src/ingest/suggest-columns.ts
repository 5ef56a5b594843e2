import type { EmptyValue, FieldTarget, PointForm } from "../mapping.ts";
import { BY_NAME, isBookingName, isTimeName, wordsOf } from "./suggest-names.ts";
import { numberOf, type Profile } from "./suggest-values.ts";

/** Gives a column to a target, unless one of them is given away already. */
export type Choose = (
  to: FieldTarget,
  column: Profile | undefined,
  more?: { form?: PointForm; empty?: EmptyValue[] },
) => void;

/** Where trips begin and end: one column each, or two with coordinates. */
export function choosePlaces(columns: readonly Profile[], choose: Choose, notes: string[]): void {
  const points = columns.filter(({ form }) => form !== undefined);
  const start = points.find(({ end }) => end === "start") ?? points.find(({ end }) => end === undefined);
  const end = points.find((column) => column !== start && column.end === "end");
  for (const [to, column] of [["origin", start] as const, ["destination", end] as const]) {
    if (!column?.form) continue;
    choose(to, column, column.form === "any" ? {} : { form: column.form });
    if (column.form !== "lat_lon") continue;
    notes.push(`${column.name}: the latitude was taken to come first; if it does not, its form is lon_lat`);
  }
  if (!start)
    choosePair("origin", columns, "start", choose, notes) || choosePair("origin", columns, undefined, choose, notes);
  if (!end) choosePair("destination", columns, "end", choose, notes);
}

function choosePair(
  to: "origin" | "destination",
  columns: readonly Profile[],
  end: Profile["end"],
  choose: Choose,
  notes: string[],
): boolean {
  const of = (coordinate: "lat" | "lon") => columns.find((c) => c.coordinate === coordinate && c.end === end);
  const [lat, lon] = [of("lat"), of("lon")];
  if (!lat || !lon) return false;
  const isZero = (column: Profile) => column.values.some((value) => numberOf(value) === 0);
  const zero = isZero(lat) && isZero(lon);
  if (zero) notes.push(`${lat.name}, ${lon.name}: 0 was taken to mean that the place is not known`);
  choose(`${to}_lon`, lon, zero ? { empty: [0] } : {});
  choose(`${to}_lat`, lat, zero ? { empty: [0] } : {});
  return true;
}

/** When trips were booked, began and ended. */
export function chooseTimes(columns: readonly Profile[], choose: Choose, notes: string[]): void {
  const times = columns.filter(({ isTime }) => isTime);
  const [booked, others] = [
    times.filter(({ name }) => isBookingName(name)),
    times.filter((t) => !isBookingName(t.name)),
  ];
  const byName = others.find(({ end }) => end === "start");
  const started = byName ?? others.find(({ end }) => end === undefined) ?? times.find(({ end }) => end === "start");
  choose("started_at", started);
  if (started && started.end !== "start") {
    notes.push(
      `started_at: ${started.name} was taken for it, since it is the first time that is not of an end or a booking`,
    );
  }
  choose(
    "ended_at",
    others.find(({ end }) => end === "end"),
  );
  choose("booked_at", booked[0]);
  for (const { name, values } of columns) {
    const isDate = values.length > 0 && values.every((v) => /^\d{1,4}([-/.])\d{1,2}\1\d{1,4}$/.test(String(v)));
    if (!isDate || !isTimeName(name)) continue;
    notes.push(`${name}: it holds dates without a time of day; a mapping cannot join two columns into one time`);
  }
}

/** What only the name of a column tells, as long as its values do not speak against it. */
export function chooseByName(columns: readonly Profile[], choose: Choose): void {
  for (const { to, holds, names } of BY_NAME) {
    const able = columns.filter((column) => !column.isTime && column.coordinate === undefined && may(column, holds));
    for (const pattern of names)
      choose(
        to,
        able.find(({ name }) => pattern.test(wordsOf(name))),
      );
  }
}

function may({ values, isNumber }: Profile, holds: "number" | "name" | "id" | "key"): boolean {
  if (holds === "number") return isNumber;
  if (values.some((value) => typeof value === "object" || String(value).length > 200)) return false;
  // What names each trip is not twice the same.
  if (holds === "key") return new Set(values).size === values.length;
  return holds === "id" || values.length === 0 || !isNumber;
}
