import { checkBound, currentBound, withinBound } from "../kit/bounds.ts";
import { amongKnown } from "../weekly-averages/known-names.db.ts";
import type { Wiring } from "../wiring.ts";
import { countTrips } from "./count-trips.db.ts";
import { findByNumber } from "./find-by-number.db.ts";
import { findLocalTimes, findTrips } from "./find-trips.db.ts";
import { listTrips } from "./list-trips.db.ts";
import type { CountTrips, FindByNumber, FindLocalTimes, FindTrips, ListTrips } from "./trips.ts";

interface Calls {
  listTrips: ListTrips;
  findTrips: FindTrips;
  findLocalTimes: FindLocalTimes;
  findByNumber: FindByNumber;
  countTrips: CountTrips;
}

/** Each call shows a caller that is bound to a source or a region its own trips only. */
export function wireTrips({ config, db, check, questions }: Wiring) {
  const calls: Calls = {
    listTrips: async (filters, limit, after) => {
      const own = withinBound(filters);
      const list = () => listTrips(db, own, limit, after);
      return amongKnown(questions, own, ({ trips }) => trips.length === 0, list);
    },
    findTrips: async (source, tripId, localTime) => {
      checkBound("source", source);
      return findTrips(db, source, tripId, localTime, currentBound()?.region);
    },
    findLocalTimes: async (source, tripId) => {
      checkBound("source", source);
      return findLocalTimes(db, source, tripId, currentBound()?.region);
    },
    findByNumber: async (number) => findByNumber(db, number, currentBound()),
    countTrips: async (filters, by, limit) => {
      const own = withinBound(filters);
      return amongKnown(
        questions,
        own,
        ({ total }) => total === 0,
        () => countTrips(db, check, own, by, limit),
      );
    },
  };
  return { exposeTrips: config.exposeTrips, ...calls };
}
