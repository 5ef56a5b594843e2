import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { isStorable } from "../kit/storable.ts";
import {
  COUNT_COLUMNS,
  type CountBy,
  type CountColumn,
  type CountTrips,
  filtersFrom,
  TripCountsReply,
  tripFilters,
} from "./trips.ts";

const by = z
  .string()
  .meta({
    description: `One or two of ${COUNT_COLUMNS.join(", ")}, or any attribute as attributes.NAME`,
    example: "region,week",
  })
  .transform((text) => text.split(",").map((part) => part.trim()))
  .refine(
    (parts) =>
      parts.length <= 2 &&
      parts.every((part) => part !== "" && isStorable(part)) &&
      // The count itself has this name in the reply. An attribute of this name is reached as attributes.trips.
      !parts.includes("trips") &&
      new Set(parts).size === parts.length,
    `expected one or two different ones of ${COUNT_COLUMNS.join(", ")}, attributes.NAME`,
  );

const query = z.strictObject({ ...tripFilters, by, limit: z.coerce.number().int().min(1).max(10_000).default(1000) });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips/count",
  tags: ["Trips"],
  summary: "Count trips by one or two columns, largest counts first",
  request: { query },
  responses: replies(200, "The counts", TripCountsReply, 400, 404, 422, 503),
};

/** `GET /v1/trips/count?by=`. */
export function getTripCounts(countTrips: CountTrips): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const { by: names, limit, ...filters } = readQuery(c, query);
      const { total, counts, truncated, withheld } = await countTrips(filtersFrom(filters), names.map(countBy), limit);
      const rows = counts.map(({ values, trips }) => ({
        ...Object.fromEntries(names.map((name, i) => [name, values[i] ?? null])),
        trips,
      }));
      return c.json({ by: names, total, counts: rows, truncated, ...(withheld ? { withheld } : {}) });
    },
  };
}

/**
 * A name that is no column is the name of an attribute. `attributes.region` reaches an attribute with a column's name.
 */
function countBy(name: string): CountBy {
  if ((COUNT_COLUMNS as readonly string[]).includes(name)) return { column: name as CountColumn };
  return { attribute: name.startsWith("attributes.") ? name.slice("attributes.".length) : name };
}
