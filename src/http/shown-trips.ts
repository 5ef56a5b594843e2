import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** An endpoint that shows single trips, which may be switched off. */
export function ifTripsAreShown({ route, handle }: Endpoint, areShown: boolean): Endpoint {
  if (areShown) return { route, handle };
  return {
    route,
    handle: () => {
      throw new AppError(
        "trips_not_shown",
        "Single trips are not shown here: TRIPGRID_SHOW_TRIPS is false, or not set while TRIPGRID_MIN_TRIPS withholds groups.",
      );
    },
  };
}
