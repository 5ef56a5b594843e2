import type { FieldError } from "../errors.ts";

/**
 * Members that are GeoJSON, which has its own limits. Some are members of a body, others of a body that is GeoJSON
 * itself.
 */
const GEOJSON: readonly string[] = ["area", "areas", "boundary", "coordinates", "geometry", "features", "geometries"];

/** The limits of a value for a schema. A schema reads every member, and recurses as deep as the value is nested. */
export interface Size {
  values: number;
  depth: number;
}

/**
 * The reason why a body is too large for a schema. Undefined: it is not. The `area` in a `within` of a query is not
 * counted, nor is GeoJSON that is a body or a member of it: no schema reads these.
 */
export function sizeFault(body: unknown, most: Size): FieldError | undefined {
  let values = 0;
  const left: { value: object; depth: number; name: string }[] = [];
  const add = (value: unknown, depth: number, name: string) => {
    if (typeof value === "object" && value !== null) left.push({ value, depth, name });
  };
  add(body, 0, "");
  for (let next = left.pop(); next; next = left.pop()) {
    const { value, depth, name } = next;
    if (depth >= most.depth) return { field: "", detail: `it is nested more than ${most.depth} levels deep` };
    const names = Array.isArray(value) ? undefined : Object.keys(value);
    values += names?.length ?? (value as unknown[]).length;
    if (values > most.values) return { field: "", detail: `it has more than ${most.values} values` };
    if (!names) {
      for (const member of value as unknown[]) add(member, depth + 1, "");
      continue;
    }
    for (const key of names) {
      const isGeoJson = depth === 0 ? GEOJSON.includes(key) : name === "within" && key === "area";
      if (!isGeoJson) add((value as Record<string, unknown>)[key], depth + 1, key);
    }
  }
  return undefined;
}
