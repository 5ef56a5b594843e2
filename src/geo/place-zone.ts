import lookUp from "@photostructure/tz-lookup";
import type { Point } from "./point.ts";

/**
 * The map of time zones. Another version may place a border elsewhere, and a trip that is sent again there would become
 * another trip, so package.json pins it.
 */
export const PLACES = "@photostructure/tz-lookup 11.7.0";

/**
 * The time zone of a place, as an IANA name. At sea it is a nautical zone, such as `Etc/GMT+2`, so every place has one.
 */
export const placeZone = ([lon, lat]: Point): string =>
  // No other point gets this far; the table refuses it, with a better reason.
  Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? lookUp(lat, lon) : "Etc/GMT";

/** Whether a zone is one of the open sea or of the polar ice, where hardly any trip begins. */
export const isRemote = (zone: string): boolean => /^(Etc|Antarctica|Arctic)\//.test(zone);
