import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { isTimeZone, ZONE_EXPECTED } from "../time/time-zone.ts";

/**
 * The time zone that a sender names for a region.
 *
 * @throws AppError invalid_parameter for a name such as CET or EST, which the database reads as a clock that never changes
 */
export function zoneNamed(name: string | undefined): string | undefined {
  if (name === undefined || isTimeZone(name)) return name;
  const detail = `${ZONE_EXPECTED}, but got ${shown(name)}`;
  throw new AppError("invalid_parameter", `time_zone: ${detail}`, { errors: [{ field: "time_zone", detail }] });
}
