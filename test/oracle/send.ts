import type { TestService } from "../harness/index.ts";
import type { Edit, Round } from "./rounds.ts";
import type { Position } from "./shapes.ts";
import type { SentTrip } from "./trips.ts";

type Service = Pick<TestService, "sql" | "url">;

/** Sends new trips, and says so if one of them was not. The names that no trip has are known, or to ask for them is a 404. */
export async function sendTrips({ sql, url }: Service, trips: SentTrip[]): Promise<void> {
  await sql`insert into tripgrid.sources (name) values ('nobody') on conflict do nothing`;
  await sql`insert into tripgrid.regions (name) values ('nowhere') on conflict do nothing`;
  for (let i = 0; i < trips.length; i += 1000) {
    const batch = trips.slice(i, i + 1000);
    const { inserted } = (await replyTo(`${url}/v1/trips`, "POST", batch)) as { inserted: number };
    if (inserted !== batch.length) throw new Error(`${inserted} of ${batch.length} trips were inserted`);
  }
}

/**
 * Sends what comes late and makes the corrections.
 *
 * @param stored the trips by their ids, brought up to date
 * @param meanwhile called again and again until all is done
 */
export async function sendRound(
  service: Service,
  { late, edits }: Round,
  stored: Map<string, SentTrip>,
  meanwhile: (() => Promise<unknown>) | undefined,
): Promise<void> {
  let isDone = false;
  const others = (async () => {
    while (meanwhile && !isDone) await meanwhile();
  })();
  try {
    await sendTrips(service, late);
    for (const edit of edits) await applyEdit(service, edit);
  } finally {
    isDone = true;
    await others;
  }
  for (const trip of late) stored.set(trip.trip_id, trip);
  for (const { from, to } of edits) {
    if (to) stored.set(from.trip_id, to);
    else stored.delete(from.trip_id);
  }
}

async function applyEdit(service: Service, { by, from, to }: Edit): Promise<void> {
  if (by === "http") {
    const path = `/v1/trips/${encodeURIComponent(from.source)}/${from.trip_id}`;
    await replyTo(service.url + path, to ? "PUT" : "DELETE", to);
    return;
  }
  const { sql } = service;
  const same = sql`source = ${from.source} and trip_id = ${from.trip_id} and local_time = ${from.started_at}::timestamp`;
  const { count } = to
    ? await sql`update tripgrid.trips set origin = ${point(to.origin)}, destination = ${point(to.destination)},
                       region = ${to.region ?? null}, duration_s = ${to.duration_s ?? null},
                       driver_id = ${to.driver_id ?? null} where ${same}`
    : await sql`delete from tripgrid.trips where ${same}`;
  if (count !== 1) throw new Error(`${count} trips were changed: ${JSON.stringify(from)}`);
}

const point = (at: Position | undefined): string | null => (at ? `SRID=4326;POINT(${at[0]} ${at[1]})` : null);

async function replyTo(url: string, method: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}
