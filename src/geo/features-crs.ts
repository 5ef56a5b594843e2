import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { crsFrom } from "./crs.ts";

const CRS = /"crs"\s*:\s*(\{[^{}]*\{[^{}]*\}[^{}]*\})/;

/**
 * Checks that the features of trips are in longitude and latitude. Programs write the member `crs` before the features.
 *
 * @param head the beginning of a FeatureCollection
 * @throws AppError invalid_body that names the coordinate reference system
 */
export function checkFeaturesCrs(head: string): void {
  const written = CRS.exec(head.slice(0, Math.max(0, head.indexOf('"features"'))))?.[1];
  if (written === undefined || isWgs84(written)) return;
  const names = /"(?:name|href|code)"\s*:\s*("[^"]*"|\d+)/g;
  refuse([...written.matchAll(names)].at(-1)?.[1]?.replaceAll('"', "") ?? written);
}

interface ProjJson {
  name?: unknown;
  id?: { authority?: unknown; code?: unknown };
}

/**
 * Checks that the points of a GeoParquet file are in longitude and latitude.
 *
 * @param written the value of the file's metadata `geo`; a column without `crs` is in longitude and latitude
 * @throws AppError invalid_body that names the coordinate reference system
 */
export function checkGeoParquetCrs(written: string | undefined): void {
  const crs = primaryCrs(written);
  if (typeof crs !== "object" || crs === null) return;
  const { name, id } = crs as ProjJson;
  const code = id ? `${id.authority}:${id.code}` : `${name}`;
  if (!isWgs84(JSON.stringify({ properties: { name: code } }))) refuse(code);
}

function primaryCrs(written = ""): unknown {
  try {
    const { columns, primary_column: primary } = JSON.parse(written);
    return columns[primary].crs;
  } catch {
    // What the metadata does not say cannot be checked: the range of degrees is, for each row.
    return undefined;
  }
}

function refuse(name: string): never {
  const detail = `expected longitude and latitude, but the features are in ${shown(name)}: transform the file, as ogr2ogr -t_srs EPSG:4326 does`;
  throw new AppError("invalid_body", `crs: ${detail}`, { errors: [{ field: "crs", detail }] });
}

function isWgs84(written: string): boolean {
  try {
    return crsFrom(JSON.parse(written), "crs") === undefined;
  } catch {
    return false;
  }
}
