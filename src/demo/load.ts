import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { polygonsFromGeoJson } from "../area.ts";
import type { LoadTrips } from "../batch.ts";
import type { PutRegion } from "../region.ts";
import type { Trip } from "../trip.ts";
import { withId } from "../trip-id.ts";

const GEO = join(import.meta.dirname, "../../geo");
const TRIPS_A_BATCH = 10_000;

/** Defines the regions whose outlines stand in `geo/`, each with its time zone. */
export async function loadRegions(putRegion: PutRegion): Promise<string[]> {
  const files = (await readdir(GEO)).filter((name) => name.endsWith(".geojson")).sort();
  const names: string[] = [];
  for (const file of files) {
    const outline = JSON.parse(await readFile(join(GEO, file), "utf8"));
    const { name, time_zone: timeZone } = outline.properties;
    await putRegion({ name, timeZone, polygons: polygonsFromGeoJson(outline, file) });
    names.push(name);
  }
  return names;
}

/** Stores trips as batches of their own, the way that requests do; gives how many were inserted. */
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
