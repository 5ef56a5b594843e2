import { MONDAYS, planTrips, type SentTrip } from "./trips.ts";
import { mondayOf } from "./weeks.ts";

/** What comes late: trips for weeks that were asked about before, and corrections of others in these weeks. */
export interface Round {
  late: SentTrip[];
  edits: Edit[];
}

/** A trip that is replaced, or cancelled where there is nothing to replace it. */
export interface Edit {
  by: "http" | "sql";
  from: SentTrip;
  to: SentTrip | undefined;
}

const ALL_WEEKS = MONDAYS.map((_, i) => i);
/** Nothing falls into it at first. */
const QUIET_WEEK = 4;
/** Only some weeks are touched in each round: the others are up to date beside them. */
const LATE_WEEKS = [
  [1, QUIET_WEEK, 7],
  [7, 10],
];
const FIRST = 4000;
const LATE = 300;
const EDITS = 120;

/** What a seed stands for: the first trips, and what is done to them round by round. */
export function planRounds(seed: number) {
  const sizes = [
    { size: FIRST, weeks: ALL_WEEKS.filter((week) => week !== QUIET_WEEK) },
    ...LATE_WEEKS.flatMap((weeks) => [
      { size: LATE, weeks },
      { size: EDITS, weeks },
    ]),
  ];
  const { parts, spots, antimeridian } = planTrips(seed, sizes);
  const [first = [], ...rest] = parts;
  const stored = new Map(first.map((trip) => [trip.trip_id, trip]));
  const rounds = LATE_WEEKS.map((weeks, i): Round => {
    const [late = [], forms = []] = rest.slice(2 * i);
    const days = weeks.map((week) => new Date(MONDAYS[week] as number).toISOString().slice(0, 10));
    const touchable = [...stored.values()].filter(({ started_at }) => days.includes(mondayOf(started_at)));
    const edits = forms.slice(0, touchable.length).map((form, k) => editOf(touchable[k] as SentTrip, form, k));
    for (const trip of late) stored.set(trip.trip_id, trip);
    for (const { from, to } of edits) {
      if (to) stored.set(from.trip_id, to);
      else stored.delete(from.trip_id);
    }
    return { late, edits };
  });
  return { first, rounds, spots, antimeridian };
}

/** A third is cancelled, the others are moved: those by SQL in space only, since a hypertable's rows keep their time. */
function editOf(from: SentTrip, form: SentTrip, k: number): Edit {
  const by = k % 2 === 0 ? "http" : "sql";
  if (k % 3 === 0) return { by, from, to: undefined };
  const { trip_id, source, started_at } = from;
  return { by, from, to: { ...form, trip_id, source, ...(by === "sql" ? { started_at } : {}) } };
}
