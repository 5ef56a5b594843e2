/** All that a test of the attacks imports. */
export { circle, star } from "./areas.ts";
export { type Answered, ask, head, open } from "./ask.ts";
export { expectProblem, givesNothingAway } from "./problem.ts";
export { expectAlive, MAX_RSS_MB, peakMb, rssMb, type Target, until, untilNormal, useTarget } from "./target.ts";
export { TRIP } from "./trip.ts";
export { fill, finalReceipt, oneTrip, post } from "./trips.ts";
