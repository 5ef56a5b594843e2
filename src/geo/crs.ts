import { shown } from "../kit/shown.ts";
import { type Crs, invalidArea } from "./area.ts";

/** Longitude and latitude on WGS 84, in the spellings that programs write. */
const WGS84 =
  /^(urn:ogc:def:crs:)?(OGC:(1\.3|2|0)?:?CRS84|EPSG:([\d.]+)?:?4326)$|\/(CRS84|EPSG\/[\d.]+\/4326)$|^WGS ?84$/i;
const EPSG = /^(?:urn:ogc:def:crs:)?EPSG:(?:[\d.]*:)?(\d{1,6})$|\/EPSG\/(?:[\d.]+\/)?(\d{1,6})(?:\/[a-z0-9]*\/?)?$/i;
/** Numbers that map programs use for Web Mercator beside 3857. */
const WEB_MERCATOR = new Set([900913, 3785, 102100, 102113]);

/**
 * Reads the member `crs` that many programs still write into GeoJSON.
 *
 * @returns undefined for longitude and latitude on WGS 84; else the system, which the database may not know
 * @throws AppError invalid_area if it names no EPSG code
 */
export function crsFrom(value: unknown, path: string): Crs | undefined {
  if (value === undefined || value === null) return undefined;
  const { name, href, code } = ((value as Record<string, unknown>).properties ?? {}) as Record<string, unknown>;
  if (typeof code === "number" || typeof code === "string") return crsNamed(`EPSG:${code}`, path);
  return crsNamed([name, href].find((one) => typeof one === "string") ?? value, path);
}

/** The system of a name such as `EPSG:25832` or `urn:ogc:def:crs:OGC:1.3:CRS84`. */
export function crsNamed(name: unknown, path: string): Crs | undefined {
  if (typeof name === "string") {
    if (WGS84.test(name)) return undefined;
    const [, urn, url] = EPSG.exec(name) ?? [];
    const given = Number(urn ?? url);
    if (given === 4326) return undefined;
    const code = WEB_MERCATOR.has(given) ? 3857 : given;
    if (code > 0) return { type: "name", properties: { name: `EPSG:${code}` } };
  }
  return invalidArea(
    path,
    `expected CRS84 or a known EPSG code, such as EPSG:25832, but got ${shown(name)}: transform the area to longitude and latitude (EPSG:4326)`,
  );
}
