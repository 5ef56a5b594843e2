/**
 * Two clients send batches that share trips, in different orders and sizes, at the same time: each trip is stored once,
 * as the row that was told so, and every receipt tells the truth.
 *
 * `TRIPGRID_TEST_SEED` repeats a run as far as its timing lets it: the title of a failed test names it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = [1, 2];
/** On both sides of what is inserted row by row and what is copied, and of what shares a commit. */
const SIZES = [1, 20, 150, 199, 200, 201, 400, 999, 1000, 2500];
const IDENTITIES = 2600;
const BATCHES = 8;
const REGIONS = [undefined, "here", "there"];

interface Plan {
  size: number;
  start: number;
  order: "up" | "down" | "mixed";
  /** How the times are written: all one way, as most senders do, or any way. */
  spelling: 0 | 1 | "any";
}

const plan: fc.Arbitrary<Plan> = fc.record({
  size: fc.constantFrom(...SIZES),
  start: fc.integer({ min: 0, max: IDENTITIES - 1 }),
  order: fc.constantFrom("up", "down", "mixed"),
  spelling: fc.constantFrom<Plan["spelling"][]>(0, 0, 1, "any"),
});

/** The rows of a batch; each names itself, and in a mixed one some come twice. */
function rowsOf({ size, start, order, spelling }: Plan, source: string, batch: string) {
  const step = (i: number) => (order === "mixed" ? (i * 7919) % Math.max(1, Math.floor(size * 0.9)) : i);
  const ids = Array.from({ length: size }, (_, i) => (start + step(i)) % IDENTITIES);
  if (order === "down") ids.reverse();
  return ids.map((id, i) => {
    // The database's zone is UTC, and so is that of these regions: all three are the same time.
    const clock = `2018-05-${String(1 + (id % 28)).padStart(2, "0")}T08:00:00`;
    const spellings = [clock, `${clock}Z`, `${clock.replace("T08", "T10")}+02:00`];
    return trip({
      source,
      trip_id: `t${id}`,
      started_at: spellings[spelling === "any" ? i % 3 : spelling],
      region: REGIONS[id % 3],
      driver_id: `${batch}/${i + 1}`,
    });
  });
}

/** Sends its batches one after the other, checks each receipt, and notes which rows were stored by it. */
async function client(plans: readonly Plan[], source: string, name: string, stored: Map<string, string[]>) {
  for (const [n, one] of plans.entries()) {
    const rows = rowsOf(one, source, `${name}/${n}`);
    const { status, body } = await send(service, rows, { query: "verdicts=all" });
    expect([status, body.received, body.rejected]).toEqual([200, one.size, 0]);
    expect(body.inserted + body.duplicates).toBe(one.size);
    let inserted = 0;
    const seen = new Set<string>();
    for (const { row, trip_id, verdict } of body.verdicts ?? []) {
      const id = trip_id ?? "";
      const notes = stored.get(id) ?? [];
      if (verdict === "inserted") {
        inserted++;
        expect(seen.has(id), "of equal rows of a batch the lowest is stored").toBe(false);
        notes.push(rows[row - 1]?.driver_id as string);
      }
      stored.set(id, notes);
      seen.add(id);
    }
    expect([body.verdicts?.length, inserted]).toEqual([one.size, body.inserted]);
  }
}

/** New trips only, so that the next large batch is copied again: who meets duplicates stops copying for a while. */
async function makeCopying(source: string): Promise<void> {
  for (let i = 0; i < 70; i++) {
    const rows = Array.from({ length: 210 }, (_, j) => trip({ source, trip_id: `${i}/${j}` }));
    expect((await send(service, rows)).body.inserted).toBe(210);
  }
}

describe.each(ROUNDS)(`two clients with overlapping batches (TRIPGRID_TEST_SEED=${seed}), round %i`, (round) => {
  it("store each trip once, and every receipt tells the truth", async () => {
    const source = `overlapping ${round}`;
    await makeCopying(`new ${round}`);
    const options = { seed: seed + round, numRuns: 2 };
    const [a = [], b = []] = fc.sample(fc.array(plan, { minLength: BATCHES, maxLength: BATCHES }), options);
    // Both begin with the same trips, all of them new.
    const all: Plan = { size: round % 2 === 0 ? 2500 : 600, start: 0, order: "up", spelling: 0 };
    const stored = new Map<string, string[]>();
    await Promise.all([
      client([all, ...a], source, "a", stored),
      client([{ ...all, order: "down" }, ...b], source, "b", stored),
    ]);
    const trips = await service.sql<{ trip_id: string; driver_id: string }[]>`
      select trip_id, driver_id from tripgrid.trips where source = ${source}`;
    expect(trips.length).toBe(stored.size);
    for (const { trip_id, driver_id } of trips) expect(stored.get(trip_id), trip_id).toEqual([driver_id]);
  });
});
