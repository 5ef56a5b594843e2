import type { CellForm } from "../geo/cell-point.ts";
import type { PathForm } from "../geo/path.ts";
import type { PointForm } from "../geo/point.ts";
import type { EmptyValue, FieldTarget } from "../mappings/mapping.ts";
import { BY_NAME, coordinateOf, isBookingName, isPlaceId, isPlaceName, orderOf, wordsOf } from "./suggest-names.ts";
import { numberOf, type Profile } from "./suggest-values.ts";

/** Assigns a column to a target, unless the column or the target is already assigned. */
export type Choose = (
  to: FieldTarget | "path",
  column: Profile | undefined,
  more?: { form?: PointForm | CellForm | PathForm; empty?: EmptyValue[]; with?: string[]; lookup?: string },
) => void;

/** Chooses the columns for where trips begin and end: one column each, or two coordinate columns. */
export function choosePlaces(columns: readonly Profile[], choose: Choose, notes: string[]): void {
  const points = columns.filter(({ form }) => form !== undefined);
  const start = points.find(({ end }) => end === "start") ?? points.find(({ end }) => end === undefined);
  const end = points.find((column) => column !== start && column.end === "end");
  for (const [to, column] of [["origin", start] as const, ["destination", end] as const]) {
    if (!column?.form) continue;
    choose(to, column, column.form === "any" ? {} : { form: column.form });
    if (column.form === "any" && column.values.some(Array.isArray)) {
      notes.push(`${column.name}: the longitude was taken to come first; if it does not, its form is lat_lon`);
    }
    if (column.form !== "lat_lon" || orderOf(column.name)) continue;
    notes.push(`${column.name}: the latitude was taken to come first; if it does not, its form is lon_lat`);
  }
  if (!start)
    choosePair("origin", columns, "start", choose, notes) || choosePair("origin", columns, undefined, choose, notes);
  if (!end) choosePair("destination", columns, "end", choose, notes);
  for (const { name, coordinate, isNumber, values } of columns) {
    if (coordinate || !isNumber || values.length === 0 || coordinateOf(name) === undefined) continue;
    notes.push(
      `${name}: its values are no degrees, such as ${JSON.stringify(values[0])}; convert them to longitude and latitude`,
    );
  }
}

/** Chooses the column of the way, or those with the ids of stations or zones, where no column has coordinates. */
export function choosePlacesElsewhere(
  columns: readonly Profile[],
  lookup: string,
  choose: Choose,
  notes: string[],
): void {
  const way = columns.find(({ path }) => path !== undefined);
  if (way?.path) {
    choose("path", way, { form: way.path });
    return;
  }
  const free = columns.filter(({ isTime, values }) => !isTime && values.every((value) => typeof value !== "object"));
  // Ids before names; a pair before a single one.
  const named = [free.filter(({ name }) => isPlaceId(name)), free.filter(({ name }) => isPlaceName(name))];
  const [start, end] = (["start", "end"] as const).map((which) =>
    named.flatMap((some) => some.find((column) => column.end === which) ?? []).at(0),
  );
  const place = start ?? named.flat().find((column) => column.end === undefined && isPlaceId(column.name));
  if (!place) return;
  choose("origin", place, { lookup });
  choose("destination", end, { lookup });
  const names = [place.name, ...(end ? [end.name] : [])].join(" and ");
  notes.push(`${names}: their places come from the lookup ${lookup}; send it with PUT /v1/lookups/${lookup}`);
}

function choosePair(
  to: "origin" | "destination",
  columns: readonly Profile[],
  end: Profile["end"],
  choose: Choose,
  notes: string[],
): boolean {
  const of = (coordinate: "lat" | "lon") => {
    const able = columns.filter((c) => c.coordinate === coordinate && c.end === end);
    return able.find(({ name }) => !/(^|[^a-z])[xy]$/i.test(name)) ?? able[0];
  };
  const [lat, lon] = [of("lat"), of("lon")];
  if (!lat || !lon) return false;
  const isZero = (column: Profile) => column.values.some((value) => numberOf(value) === 0);
  const zero = isZero(lat) && isZero(lon);
  if (zero) notes.push(`${lat.name}, ${lon.name}: 0 was taken to mean that the place is not known`);
  choose(`${to}_lon`, lon, zero ? { empty: [0] } : {});
  choose(`${to}_lat`, lat, zero ? { empty: [0] } : {});
  return true;
}

/** Chooses the columns for when trips were booked, began and ended. */
export function chooseTimes(columns: readonly Profile[], choose: Choose, notes: string[]): void {
  const times = columns.filter(({ isTime }) => isTime);
  const [booked, others] = [
    times.filter(({ name }) => isBookingName(name)),
    times.filter((t) => !isBookingName(t.name)),
  ];
  const byName = others.find(({ end }) => end === "start");
  const started = byName ?? others.find(({ end }) => end === undefined) ?? times.find(({ end }) => end === "start");
  const chooseTime = (to: FieldTarget, column: Profile | undefined) =>
    choose(to, column, column?.with === undefined ? {} : { with: [column.with] });
  chooseTime("started_at", started);
  if (started && started.end !== "start") {
    notes.push(
      `started_at: ${started.name} was taken for it, since it is the first time that is not of an end or a booking`,
    );
  }
  chooseTime(
    "ended_at",
    others.find(({ end }) => end === "end"),
  );
  chooseTime("booked_at", booked[0]);
}

/** Chooses columns by their names, unless their values contradict the name. */
export function chooseByName(columns: readonly Profile[], choose: Choose): void {
  const words = new Map(columns.map((column) => [column, wordsOf(column.name)]));
  for (const { to, holds, names } of BY_NAME) {
    const able = columns.filter((column) => !column.isTime && column.coordinate === undefined && may(column, holds));
    for (const pattern of names)
      choose(
        to,
        able.find((column) => pattern.test(words.get(column) ?? "")),
      );
  }
}

function may({ values, isNumber }: Profile, holds: "number" | "name" | "id" | "key"): boolean {
  if (holds === "number") return isNumber;
  if (values.some((value) => typeof value === "object" || String(value).length > 200)) return false;
  // A key of trips has no duplicates.
  if (holds === "key") return new Set(values).size === values.length;
  return holds === "id" || values.length === 0 || !isNumber;
}
