import { nearest } from "../kit/nearest.ts";
import { shown } from "../kit/shown.ts";
import { CELL_COLUMNS, QUERY_COLUMNS, QUERY_NUMBERS } from "./query.ts";

/** Other common names, each with our name for it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  ...{ count: "trips", "count(*)": "trips", total: "trips", rides: "trips", n: "trips" },
  ...{ driver_id: "driver", rider_id: "rider", user: "rider", model: "vehicle_model", city: "region" },
  ...{ date: "day", dow: "weekday", day_of_week: "weekday", datasource: "source" },
  ...{ duration: "duration_s", distance: "distance_m", crow_flies_m: "great_circle_m", mean: "avg", average: "avg" },
  ...{ quantile: "percentile", group_by: "by", groupby: "by", filter: "where", order_by: "order", sort: "order" },
  ...{ measures: "select", dimensions: "by", top: "limit", polygon: "area", geojson: "area", region_name: "region" },
  ...{
    "==": "=",
    eq: "=",
    ne: "!=",
    "<>": "!=",
    lt: "<",
    lte: "<=",
    gt: ">",
    gte: ">=",
    "=>": ">=",
    "=<": "<=",
    all: "and",
    any: "or",
  },
  ...{ since: "from", until: "to", null: "is_null", o_cell: "origin_cell", d_cell: "destination_cell" },
};

export const ATTRIBUTE_PREFIX = "attributes.";

/** The error text for an unknown name. */
export function noSuch(what: string, name: unknown, names: readonly string[]): string {
  return `there is no ${what} ${shown(name)}${suggestion(name, names)}`;
}

function suggestion(name: unknown, names: readonly string[]): string {
  if (typeof name !== "string") return `; expected one of ${names.join(", ")}`;
  const [plain, sign] = name.startsWith("-") ? [name.slice(1), "-"] : [name, ""];
  const synonym = Object.hasOwn(SYNONYMS, plain.toLowerCase()) ? SYNONYMS[plain.toLowerCase()] : undefined;
  const meant = synonym !== undefined && names.includes(synonym) ? synonym : nearest(plain, names);
  if (meant !== undefined) return `; did you mean ${sign}${meant}?`;
  const listed = names.slice(0, 20).join(", ");
  return names.length > 0 ? `; expected one of ${listed}` : "";
}

/** The fields that conditions can test, besides attributes. */
export const FIELD_NAMES: readonly string[] = [...QUERY_COLUMNS, ...CELL_COLUMNS, ...QUERY_NUMBERS];
/** The members of a condition over trips, besides attributes. */
export const CONDITION_NAMES: readonly string[] = ["and", "or", "not", "within", "from", "to", ...FIELD_NAMES];
