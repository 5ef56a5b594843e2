import { type FieldTarget, UNITS } from "../mappings/mapping.ts";
import { type TimeReader, timeReader } from "../time/time.ts";
import { unitOf } from "./suggest-names.ts";
import { numberOf } from "./suggest-values.ts";

const METRES_PER_DEGREE = 111_195;
/** The typical ratio of the length of a way to the straight line. */
const DETOUR = 1.35;

/** Ways differ much from straight lines, so a few of them tell no unit. */
const LEAST_RATIOS = 5;

/** The value of a row for a target. Undefined: no column was chosen for the target. */
export type RowValues = (to: FieldTarget) => unknown;

/**
 * Guesses the unit of a column from its name, or else from the times and places of the same rows.
 *
 * @returns the unit, spelled as in mappings, and a note about what tells it; no unit if nothing does
 */
export function guessUnit(
  to: "duration_s" | "distance_m",
  column: string,
  rows: readonly RowValues[],
  formats: readonly string[],
): { unit: string | undefined; note: string | undefined } {
  const base = to === "duration_s" ? "s" : "m";
  const said = unitOf(column, to);
  if (said !== undefined) return { unit: said, note: undefined };
  const reader = timeReader(formats);
  const ratios = rows
    .map((row) => (to === "duration_s" ? seconds(row, reader) : metres(row)) / numberOf(row(to)))
    .filter((ratio) => ratio > 0 && Number.isFinite(ratio))
    .sort((a, b) => a - b);
  const ratio = ratios[Math.floor(ratios.length / 2)];
  const unknown = { unit: undefined, note: `${column}: nothing tells its unit, so it is kept as an attribute` };
  if (ratio === undefined || (to === "distance_m" && ratios.length < LEAST_RATIOS)) return unknown;
  const units: Record<string, number> = UNITS[to];
  const far = (unit: string) => Math.abs(Math.log((units[unit] ?? 1) / ratio));
  const unit = Object.keys(units).reduce((best, one) => (far(one) < far(best) ? one : best), base);
  if (far(unit) > Math.log(to === "duration_s" ? 1.2 : 1.7)) return unknown;
  const by = to === "duration_s" ? "the times" : "the places";
  return { unit, note: `${column}: its unit was taken to be ${unit}, by ${by} that trips begin and end at` };
}

function seconds(row: RowValues, reader: TimeReader): number {
  const ms = (value: unknown) => Date.parse(`${reader.read(String(value))?.text.slice(0, 19)}Z`);
  return (ms(row("ended_at")) - ms(row("started_at"))) / 1000;
}

function metres(row: RowValues): number {
  const east = numberOf(row("destination_lon")) - numberOf(row("origin_lon"));
  const north = numberOf(row("destination_lat")) - numberOf(row("origin_lat"));
  const narrower = Math.cos((numberOf(row("origin_lat")) * Math.PI) / 180);
  return Math.hypot(east * narrower, north) * METRES_PER_DEGREE * DETOUR;
}
