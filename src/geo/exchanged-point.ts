import { isRemote, placeZone } from "./place-zone.ts";
import type { Point } from "./point.ts";

/**
 * An origin at sea that lies on land with its coordinates exchanged; or one that is far from its destination, and near
 * it with the coordinates of one of them exchanged.
 *
 * @param place the time zone of the origin, if it is known
 */
export function looksExchanged([lon, lat]: Point, place: string, destination: Point | undefined): boolean {
  if (Math.abs(lon) > 90) return false;
  if (isRemote(place)) return !isRemote(placeZone([lat, lon]));
  if (!destination) return false;
  const [toLon, toLat] = destination;
  const apart = Math.max(Math.abs(lon - toLon), Math.abs(lat - toLat));
  return apart > FAR_DEGREES && Math.max(Math.abs(lat - toLon), Math.abs(lon - toLat)) < NEAR_DEGREES;
}

const FAR_DEGREES = 5;
const NEAR_DEGREES = 1;
