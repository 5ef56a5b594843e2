import { z } from "@hono/zod-openapi";
import { isStorable } from "../storable.ts";
import { COUNT_COLUMNS, type CountBy, type CountColumn, type CountTrips } from "../trips.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
import { replies } from "./schemas.ts";
import { filtersFrom, tripFilters } from "./trip-query.ts";

const by = z
  .string()
  .openapi({
    description: `One or two of ${COUNT_COLUMNS.join(", ")}, or any attribute as attributes.NAME`,
    example: "region,week",
  })
  .transform((text) => text.split(",").map((part) => part.trim()))
  .refine(
    (parts) =>
      parts.length <= 2 &&
      parts.every((part) => part !== "" && isStorable(part)) &&
      // The count itself has this name in the reply; an attribute is reached as attributes.trips.
      !parts.includes("trips") &&
      new Set(parts).size === parts.length,
    `expected one or two different ones of ${COUNT_COLUMNS.join(", ")}, attributes.NAME`,
  );

const query = z.strictObject({ ...tripFilters, by, limit: z.coerce.number().int().min(1).max(10_000).default(1000) });

const value = z.union([z.string(), z.number()]).nullable();

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/trips/count",
  tags: ["Trips"],
  summary: "Count trips by one or two columns, largest counts first",
  request: { query },
  responses: replies(
    200,
    "The counts",
    z
      .object({
        by: z.array(z.string()),
        total: z.int().nullable().openapi({ description: "Null if so few that they are withheld" }),
        withheld: z.object({ min_trips: z.int(), groups: z.int() }).optional().openapi({
          description: "How many groups are left out, where TRIPGRID_MIN_TRIPS asks for it",
        }),
        counts: z.array(z.object({ trips: z.int() }).catchall(value)),
        truncated: z.boolean().openapi({ description: "There are more groups than limit" }),
      })
      .openapi("TripCounts"),
    400,
    404,
    422,
    503,
  ),
};

/** `GET /v1/trips/count?by=`. */
export function getTripCounts(countTrips: CountTrips): Endpoint {
  return {
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

/** A name that is none of the columns is an attribute's; `attributes.region` reaches one that has a column's name. */
function countBy(name: string): CountBy {
  if ((COUNT_COLUMNS as readonly string[]).includes(name)) return { column: name as CountColumn };
  return { attribute: name.startsWith("attributes.") ? name.slice("attributes.".length) : name };
}
