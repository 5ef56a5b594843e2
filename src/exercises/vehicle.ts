import { z } from "zod";
import type { Area } from "../geo/area.ts";
import { polygonOfBox } from "../geo/bbox.ts";
import type { Point } from "../geo/point.ts";
import type { StoredTrip } from "../trips/trip.ts";
import { tripNumber } from "../trips/trip-number.ts";

const coordinate = z.string().nullable();

/** A trip as the exercise shows it. */
export const Vehicle = z
  .object({
    id: z.int(),
    region: z.string().nullable(),
    datasource: z.string(),
    datetime: z.string().meta({
      description: "The wall clock at the origin, written as GMT",
      example: "Mon, 21 May 2018 02:54:04 GMT",
    }),
    origin_coord_point_x: z.string().meta({ example: "7.67283791328688" }),
    origin_coord_point_y: z.string().meta({ example: "44.995710924205" }),
    destination_coord_point_x: coordinate,
    destination_coord_point_y: coordinate,
  })
  .meta({ id: "Vehicle" });
export type Vehicle = z.infer<typeof Vehicle>;

export function vehicleOf({ source, region, trip_id, local_time, origin, destination }: StoredTrip): Vehicle {
  return {
    id: tripNumber({ source, tripId: trip_id, localTime: local_time }),
    region,
    datasource: source,
    datetime: new Date(`${local_time.slice(0, 19)}Z`).toUTCString(),
    origin_coord_point_x: coordinateText(origin[0]),
    origin_coord_point_y: coordinateText(origin[1]),
    destination_coord_point_x: destination && coordinateText(destination[0]),
    destination_coord_point_y: destination && coordinateText(destination[1]),
  };
}

/** The digits after which the exercise leaves the last one out. */
const FULL_DIGITS = 15;

/**
 * A coordinate as the exercise writes it: of 15 digits or more the last one is left out, which is less than a
 * thousandth of a millimetre.
 */
export function coordinateText(degrees: number): string {
  const text = String(degrees);
  const digits = text.replace(/[-.]/g, "").replace(/^0+/, "");
  return digits.length < FULL_DIGITS || text.includes("e") ? text : text.slice(0, -1);
}

/** Coordinates are equal if they differ by less than a tenth of a millimetre. */
const SAME_DEGREES = 1e-9;

/** The area of the points with these coordinates, in degrees. Undefined: neither is given. */
export function areaOf(lon: number | undefined, lat: number | undefined): Area | undefined {
  if (lon === undefined && lat === undefined) return undefined;
  // A longitude of 180 is stored as -180.
  const [west, east] = around(lon === 180 ? -180 : lon, 180);
  const [south, north] = around(lat, 90);
  return { kind: "polygons", polygons: [polygonOfBox([west, south, east, north])] };
}

const around = (degrees: number | undefined, most: number): Point =>
  degrees === undefined
    ? [-most, most]
    : [Math.max(-most, degrees - SAME_DEGREES), Math.min(most, degrees + SAME_DEGREES)];

/** The places after the point of an average. */
const PLACES = 16;

/** An exact quotient of whole numbers with 16 decimal places, rounded half up: 38 / 5 is `7.6000000000000000`. */
export function quotientText(dividend: number, divisor: number): string {
  const scaled = BigInt(dividend) * 10n ** BigInt(PLACES);
  const rounded = (scaled * 2n + BigInt(divisor)) / (BigInt(divisor) * 2n);
  const digits = rounded.toString().padStart(PLACES + 1, "0");
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}
