/**
 * The collections of OGC API – Features and their properties. Each collection is a query over the views that BI tools
 * read, so the same rules withhold small groups and single trips.
 */
export interface Collection {
  id: string;
  title: string;
  description: string;
  geometry: "Point" | "LineString" | "Polygon" | "MultiPolygon";
  /** The properties of a feature, in the order in which they are shown. */
  properties: Readonly<Record<string, Property>>;
  /** The properties that together identify a feature. They also order the features. */
  keys: readonly string[];
  /** Whether features are ordered by descending keys. */
  isDescending: boolean;
  /** Whether a key may be null. Keys that never are can be compared as a row, for which an index is searched. */
  hasNullKeys: boolean;
  /**
   * What the parameter `datetime` does: it selects features by this property, or it selects the weeks that are counted.
   * Undefined: it selects nothing, as the standard says of features without a time.
   */
  time: { property: string } | "weeks" | undefined;
  /** `trips`: the features are single trips. */
  scope: "read" | "trips";
}

/** `local-time` is a wall clock without an offset. */
export type PropertyType = "string" | "integer" | "number" | "boolean" | "date" | "date-time" | "local-time";

export interface Property {
  type: PropertyType;
  title: string;
}

/** The name of the geometry in filters. */
export const GEOMETRY = "geometry";

const property = (type: PropertyType, title: string): Property => ({ type, title });

const COUNTED = {
  trips: property("integer", "Trips that began in these weeks"),
  weeks: property("integer", "Weeks that are counted"),
  trips_per_week: property("number", "Trips divided by weeks; weeks without trips count"),
} as const;

const TRIP = {
  source: property("string", "Who reported the trip"),
  trip_id: property("string", "The trip's id; with its source and local time it is unique"),
  region: property("string", "Region that the trip carries"),
  local_time: property("local-time", "When it began, by the clocks at its origin"),
  started_at: property("date-time", "When it began"),
  ended_at: property("date-time", "When it ended"),
  duration_s: property("number", "Duration, seconds"),
  distance_m: property("number", "Distance as reported, metres"),
  origin_lon: property("number", "Longitude of the origin, degrees"),
  origin_lat: property("number", "Latitude of the origin, degrees"),
  destination_lon: property("number", "Longitude of the destination, degrees"),
  destination_lat: property("number", "Latitude of the destination, degrees"),
  origin_cell: property("string", "Geohash of the origin, seven characters"),
  destination_cell: property("string", "Geohash of the destination, seven characters"),
  driver_id: property("string", "The driver"),
  rider_id: property("string", "The rider"),
  vehicle_model: property("string", "The vehicle's model"),
} as const;

const trips = {
  properties: TRIP,
  keys: ["local_time", "source", "trip_id"],
  isDescending: true,
  hasNullKeys: false,
  time: { property: "started_at" },
  scope: "trips",
} as const;

export const COLLECTIONS: readonly Collection[] = [
  {
    ...trips,
    id: "trips",
    title: "Trips",
    description: "Single trips as points, at their origins. Empty where single trips are not shown.",
    geometry: "Point",
  },
  {
    ...trips,
    id: "trip_lines",
    title: "Trips as lines",
    description: "Single trips that have a destination, as straight lines. Empty where single trips are not shown.",
    geometry: "LineString",
  },
  {
    id: "weekly_cells",
    title: "Trips a week by cell",
    description:
      "Geohash cells of five characters, about 4.9 km wide, with the trips that began in them. `datetime` selects the weeks that are counted; otherwise all are.",
    geometry: "Polygon",
    properties: { cell: property("string", "Geohash of five characters"), ...COUNTED },
    keys: ["cell"],
    isDescending: false,
    hasNullKeys: false,
    time: "weeks",
    scope: "read",
  },
  {
    id: "clusters",
    title: "Clusters",
    description:
      "Trips with the same origin cell, destination cell and hour of day, by region and source, over all weeks, as lines between the middles of the cells.",
    geometry: "LineString",
    properties: {
      cluster_id: property("string", "Origin cell, destination cell and hour"),
      origin_cell: property("string", "Geohash of five characters in which the trips began"),
      destination_cell: property("string", "Geohash of five characters in which the trips ended"),
      hour: property("integer", "Hour of the day at which the trips began, 0 to 23, local"),
      region: property("string", "Region that the trips carry"),
      source: property("string", "Who reported the trips"),
      trips: property("integer", "Trips over all weeks"),
      trips_per_week: property("number", "Trips divided by the weeks from the first to the last of all trips"),
      average_duration_s: property("number", "Average duration of the trips that have one, seconds"),
      average_distance_m: property("number", "Average great-circle distance from origin to destination, metres"),
    },
    keys: ["cluster_id", "source", "region"],
    isDescending: false,
    hasNullKeys: true,
    time: undefined,
    scope: "read",
  },
  {
    id: "regions",
    title: "Regions",
    description:
      "Regions with their boundaries and the trips that carry them. `datetime` selects the weeks that are counted; otherwise all are.",
    geometry: "MultiPolygon",
    properties: {
      name: property("string", "Name of the region"),
      time_zone: property("string", "IANA time zone; null: that of each place"),
      has_boundary: property("boolean", "Whether a boundary is defined"),
      ...COUNTED,
    },
    keys: ["name"],
    isDescending: false,
    hasNullKeys: false,
    time: "weeks",
    scope: "read",
  },
];

/** The id of a feature, from the values of its keys. It has no dots, which GIS tools take for the end of a name. */
export function idOf(collection: Collection, values: readonly unknown[]): string {
  if (collection.id === "weekly_cells") return String(values[0]);
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** The values of the keys that an id names. Undefined: the text is no id of this collection. */
export function keysOf(collection: Collection, id: string): (string | null)[] | undefined {
  if (collection.id === "weekly_cells") return /^[0-9b-hjkmnp-z]{1,12}$/.test(id) ? [id] : undefined;
  try {
    const values: unknown = JSON.parse(Buffer.from(id, "base64url").toString());
    const isKeys =
      Array.isArray(values) &&
      values.length === collection.keys.length &&
      values.every((value) => value === null || (typeof value === "string" && !value.includes("\0")));
    return isKeys ? values : undefined;
  } catch {
    return undefined;
  }
}
