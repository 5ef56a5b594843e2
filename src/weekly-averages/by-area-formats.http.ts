import type { Feature } from "geojson";
import { csvLines } from "../text/csv-out.ts";
import type { ByAreaAnswer } from "./weekly-averages-by-area.ts";

/** The formats of many areas besides JSON. */
export const BY_AREA_FORMATS = {
  csv: { contentType: "text/csv; charset=utf-8", write: csvOf },
  geojson: { contentType: "application/geo+json", write: geoJsonOf },
} as const;

const COLUMNS = ["area", "id", "name", "window_from", "window_to", "weeks_in_window", "trips", "average"];
const MORE_COLUMNS = ["weeks_with_trips", "average_over_weeks_with_trips", "trips_lower", "trips_upper"];

/** A line for each area; `area` is its place in the question, from 1. */
function* csvOf({ window, weeks_in_window, areas }: ByAreaAnswer): Generator<string> {
  yield csvLines([[...COLUMNS, ...MORE_COLUMNS]]);
  yield csvLines(
    areas.map((one, i) => [
      ...[i + 1, one.id, one.name, window?.from ?? null, window?.to ?? null, weeks_in_window, one.trips, one.average],
      ...[one.weeks_with_trips, one.average_over_weeks_with_trips],
      ...(one.trips_bounds ?? [null, null]),
    ]),
  );
}

/** The features of the areas. A property of a feature with the name of a figure gives way to the figure. */
function* geoJsonOf({ areas, ...about }: ByAreaAnswer, features: readonly Feature[]): Generator<string> {
  yield '{"type":"FeatureCollection","features":[';
  for (const [i, feature] of features.entries()) {
    const { id: _, name: __, ...figures } = areas[i] as ByAreaAnswer["areas"][number];
    const properties = { ...feature.properties, ...figures, weeks_in_window: about.weeks_in_window };
    yield `${i === 0 ? "" : ","}${JSON.stringify({ ...feature, properties })}`;
  }
  yield `],${JSON.stringify(about).slice(1)}`;
}
