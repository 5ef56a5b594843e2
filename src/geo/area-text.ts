import { wktToGeoJSON } from "betterknown";
import { shown } from "../kit/shown.ts";
import { invalidArea, type PolygonArea } from "./area.ts";
import { polygonsFromGeoJson } from "./area-geojson.ts";
import { crsNamed } from "./crs.ts";

const SRID = /^\s*SRID\s*=\s*(\d{1,6})\s*;/i;

/**
 * An area from outside: GeoJSON, or text with WKT, EWKT (`SRID=25832;POLYGON(…)`) or GeoJSON.
 *
 * @param makeValid whether polygons that are not valid are mended
 * @throws AppError invalid_area that names the member at fault
 */
export function areaFromValue(
  value: unknown,
  path: string,
  { maxVertices, makeValid }: { maxVertices?: number | undefined; makeValid?: boolean | undefined } = {},
): PolygonArea {
  const geometry = typeof value === "string" ? geometryFromText(value, path) : value;
  const polygons = polygonsFromGeoJson(geometry, path, maxVertices);
  return makeValid ? { kind: "polygons", polygons, makeValid } : { kind: "polygons", polygons };
}

function geometryFromText(text: string, path: string): unknown {
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      return invalidArea(path, `expected GeoJSON or WKT, but got ${shown(text)}`);
    }
  }
  const [prefix = "", srid] = SRID.exec(text) ?? [];
  const geometry = parsed(text.slice(prefix.length));
  if (!geometry)
    return invalidArea(
      path,
      `expected WKT such as POLYGON((7.6 45, 7.7 45, 7.7 45.1, 7.6 45)), but got ${shown(text)}`,
    );
  const crs = srid === undefined || srid === "0" ? undefined : crsNamed(`EPSG:${srid}`, path);
  return crs ? { ...geometry, crs } : geometry;
}

/** The parser reports faults in several ways: by an error, by null, and by the stack's end for what is nested deeply. */
function parsed(wkt: string): object | undefined {
  try {
    return wktToGeoJSON(wkt) ?? undefined;
  } catch {
    return undefined;
  }
}
