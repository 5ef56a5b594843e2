import { AppError, type FieldError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { native } from "../mappings/native.ts";
import { mapRow } from "../parsing/map-row.ts";
import { type TimeRange, timeFrom, yearsFrom } from "../time/time.ts";
import { withId } from "../trips/trip-id.ts";
import type { TripAddress } from "../trips/trips.ts";
import { type CorrectTrip, disagreement, type Replacement, type ReplaceTrip } from "./correction.ts";

export interface CorrectOptions {
  replaceTrip: ReplaceTrip;
  /** `YYYY-MM-DD`; trips that began earlier are refused. */
  minTime: string;
  now?: () => Date;
}

/** Creates the function that corrects single trips. */
export function createCorrectTrip({ replaceTrip, minTime, now = () => new Date() }: CorrectOptions): CorrectTrip {
  return async (address, body) => {
    const range = { min: minTime, max: yearsFrom(now(), 1) };
    return replaceTrip(address, replacementFrom(address, body as Record<string, unknown>, range));
  };
}

/** Fields of a trip that was read that a native trip does not have. They follow from the other fields. */
const DERIVED = ["local_time", "origin_cell", "destination_cell"];

function replacementFrom(address: TripAddress, body: Record<string, unknown>, range: TimeRange): Replacement {
  const names = { source: address.source, trip_id: address.tripId };
  const errors: FieldError[] = Object.entries(names).flatMap(([field, expected]) => {
    const got = body[field] ?? expected;
    const detail = `expected ${shown(expected)} as in the address, or nothing, but got ${shown(got)}`;
    return got === expected ? [] : [{ field, detail }];
  });
  const localTime = localTimeOf(body, errors);
  const given = Object.entries(body).filter(([field]) => !DERIVED.includes(field));
  const row = { ...Object.fromEntries(given), ...names, started_at: body.started_at ?? localTime };
  const mapped = mapRow(row, native, false, range);
  if ("problems" in mapped) errors.push(...mapped.problems.map(({ field, detail }) => ({ field, detail })));
  const { startedAt } = "trip" in mapped ? mapped.trip : {};
  if (startedAt?.kind === "naive" && localTime !== undefined && localTime !== startedAt.text) {
    errors.push(disagreement(localTime, startedAt.text));
  }
  if (errors.length > 0 || !("trip" in mapped)) {
    throw new AppError("invalid_body", errors.map(({ field, detail }) => `${field}: ${detail}`).join("; "), { errors });
  }
  return { trip: withId(mapped.trip), localTime };
}

function localTimeOf({ local_time: value }: Record<string, unknown>, errors: FieldError[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === "string" ? timeFrom(value, ["iso"]) : undefined;
  if (time?.ok && time.value.kind === "naive") return time.value.text;
  errors.push({ field: "local_time", detail: `expected a time like 2018-05-21T02:54:04, but got ${shown(value)}` });
  return undefined;
}
