import { expect, it } from "vitest";
import { createClient } from "../../src/database/client.ts";
import { insertTrips } from "../../src/storage/insert-trips.db.ts";
import type { IdentifiedTrip } from "../../src/trips/trip.ts";
import { send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const ids = (prefix: string, n: number) =>
  Array.from({ length: n }, (_, i) => `${prefix}${String(i).padStart(6, "0")}`);
const numbered = (all: string[]) =>
  all.map((tripId, i) => {
    const startedAt = { kind: "naive", text: "2018-05-21T08:00:00" };
    return {
      row: i + 1,
      trip: { source: "order", tripId, startedAt, origin: [7.67, 45.05] } as unknown as IdentifiedTrip,
    };
  });

/** The database sorts `a` before `B`, JavaScript after it: only one of the two may decide. */
it("batches that share trips and are cut into statements differently do not deadlock", async () => {
  await send(service, trip({ source: "order" }));
  const sql = createClient(service.address, { max: 2, searchPath: service.prepared.searchPath });
  const begun = async (rows: ReturnType<typeof numbered>, afterMs: number) => {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const [done] = await sql.begin((tx) => insertTrips(tx, [{ trips: rows }]));
    return done?.inserted.size ?? 0;
  };
  try {
    for (const afterMs of [40, 80, 120, 160]) {
      const [upper, lower] = [ids(`B${afterMs}-`, 4000), ids(`a${afterMs}-`, 4000)];
      const large = numbered([...upper, ...ids(`C${afterMs}-`, 9000), ...lower]);
      const inserted = await Promise.all([begun(large, 0), begun(numbered([...upper, ...lower]), afterMs)]);
      expect(inserted[0] + inserted[1]).toBe(17_000);
    }
  } finally {
    await sql.end();
  }
});
