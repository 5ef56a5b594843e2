import { AppError } from "../errors.ts";
import type { TripFilters } from "../trips.ts";
import { areaFrom, bbox, date, match, name } from "./input.ts";

/** The filters that the list and the counts of trips share. */
export const tripFilters = {
  region: name.optional(),
  source: name.optional(),
  date: date.optional().openapi({ description: "One local day; not together with from and to" }),
  from: date.optional().openapi({ description: "First local day" }),
  to: date.optional().openapi({ description: "Last local day" }),
  bbox: bbox.optional(),
  boundary: name.optional().openapi({ description: "The area is the boundary of this region" }),
  match,
};

interface TripQuery extends Omit<TripFilters, "area"> {
  date?: string | undefined;
  bbox?: string | undefined;
  boundary?: string | undefined;
}

/** Trip filters from query parameters. */
export function filtersFrom({ region, source, date, from, to, bbox, boundary, match }: TripQuery): TripFilters {
  const fault =
    date && (from || to)
      ? "give either date or from and to"
      : from && to && from > to
        ? `${from} is after to, ${to}`
        : undefined;
  if (fault) {
    const field = date ? "date" : "from";
    throw new AppError("invalid_parameter", `${field}: ${fault}`, { errors: [{ field, detail: fault }] });
  }
  return { region, source, from: date ?? from, to: date ?? to, area: areaFrom({ bbox, boundary }), match };
}
