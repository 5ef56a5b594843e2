const MAX_DEPTH = 3;

/** A nested JSON row with a field for each path: `start.lat`. Geometries and arrays stay as they are. */
export function flattened(record: Record<string, unknown>, before = "", depth = 0): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const path = before === "" ? name : `${before}.${name}`;
    if (isPlainObject(value) && depth < MAX_DEPTH && /^[^.[\]]+$/.test(name)) {
      Object.assign(flat, flattened(value, path, depth + 1));
    } else flat[path] = value;
  }
  return flat;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !("type" in value && ("coordinates" in value || "features" in value || "geometry" in value));
}
