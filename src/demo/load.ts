import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoadTrips } from "../batches/batch.ts";
import { areaFromValue } from "../geo/area-text.ts";
import { PROJECT_DIR } from "../kit/project.ts";
import type { PutRegion } from "../regions/region.ts";
import type { Trip } from "../trips/trip.ts";
import { withId } from "../trips/trip-id.ts";

const GEO = join(PROJECT_DIR, "geo");
const TRIPS_A_BATCH = 10_000;

/** Defines the regions that have an outline in `geo/`, each with its time zone. */
export async function loadRegions(putRegion: PutRegion): Promise<string[]> {
  const files = (await readdir(GEO)).filter((name) => name.endsWith(".geojson")).sort();
  const names: string[] = [];
  for (const file of files) {
    const outline = JSON.parse(await readFile(join(GEO, file), "utf8"));
    const { name, time_zone: timeZone } = outline.properties;
    await putRegion({ name, timeZone, boundary: areaFromValue(outline, file) });
    names.push(name);
  }
  return names;
}

/**
 * Stores trips in separate batches, as requests do.
 *
 * @returns the number of inserted trips
 */
export async function loadInBatches(trips: Iterable<Trip>, loadTrips: LoadTrips): Promise<number> {
  let rows: Parameters<LoadTrips>[0]["trips"] = [];
  let inserted = 0;
  const flush = async () => {
    const sent = (row: number) => ({ field: "started_at", record: JSON.stringify(rows[row - 1]?.trip) });
    const batch = { batchId: randomUUID(), mapping: "demo", columns: undefined, received: rows.length, trips: rows };
    const receipt = await loadTrips({
      ...batch,
      rejected: [],
      sent,
      identity: "content",
      withVerdicts: false,
      idempotency: undefined,
      callback: undefined,
    });
    inserted += receipt.inserted;
    rows = [];
  };
  for (const trip of trips) {
    rows.push({ row: rows.length + 1, trip: withId(trip) });
    if (rows.length === TRIPS_A_BATCH) await flush();
  }
  if (rows.length > 0) await flush();
  return inserted;
}
