import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";

/** The endpoint, or one that refuses every request if single trips are not shown. */
export function requireTripAccess(endpoint: Endpoint, areShown: boolean): Endpoint {
  if (areShown) return endpoint;
  return {
    ...endpoint,
    handle: () => {
      throw new AppError(
        "trip_access_disabled",
        "Single trips are not shown here: TRIPGRID_EXPOSE_TRIPS is false, or not set while TRIPGRID_MIN_GROUP_SIZE withholds groups.",
      );
    },
  };
}
