import { type FieldTarget, UNITS } from "../mapping.ts";
import { type TimeReader, timeReader } from "../time.ts";
import { unitOf } from "./suggest-names.ts";
import { numberOf } from "./suggest-values.ts";

const METRES_PER_DEGREE = 111_195;
/** How much longer ways are than straight lines, in the middle. */
const DETOUR = 1.35;

/** What a row holds for a target; undefined if no column was chosen for it. */
export type RowValues = (to: FieldTarget) => unknown;

/**
 * In which unit a column is: by its name, or else by what the times and places of the same rows make likely.
 *
 * @returns the unit, as mappings call it, and what was not certain of it
 */
export function guessUnit(
  to: "duration_s" | "distance_m",
  column: string,
  rows: readonly RowValues[],
  formats: readonly string[],
): { unit: string; note: string | undefined } {
  const base = to === "duration_s" ? "s" : "m";
  const said = unitOf(column, to);
  if (said !== undefined) return { unit: said, note: undefined };
  const reader = timeReader(formats);
  const ratios = rows
    .map((row) => (to === "duration_s" ? seconds(row, reader) : metres(row)) / numberOf(row(to)))
    .filter((ratio) => ratio > 0 && Number.isFinite(ratio))
    .sort((a, b) => a - b);
  const ratio = ratios[Math.floor(ratios.length / 2)];
  if (ratio === undefined) return { unit: base, note: `${column}: nothing tells its unit; it was taken to be ${base}` };
  const units: Record<string, number> = UNITS[to];
  const far = (unit: string) => Math.abs(Math.log((units[unit] ?? 1) / ratio));
  const unit = Object.keys(units).reduce((best, one) => (far(one) < far(best) ? one : best), base);
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
