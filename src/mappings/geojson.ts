import { definitionOf, mappingFrom } from "./mapping-definition.ts";
import { native } from "./native.ts";

const { columns, ...more } = definitionOf(native);
const others = Object.entries(columns).filter(([column]) => !/^(origin|destination)/.test(column));

/**
 * Features of GeoJSON whose properties have the names of the native format. A point is the origin; a line is the way
 * from the origin to the destination. The points of a GeoParquet file are read likewise.
 */
export const geojson = mappingFrom("geojson", {
  ...more,
  columns: { ...Object.fromEntries(others), geometry: "path" },
});
