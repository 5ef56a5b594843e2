/** Clients who ask and go away: their statements end with them, also those that wait for something. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { circle, fill, head, oneTrip, open, post, until, useTarget } from "./harness/index.ts";

const target = useTarget();
beforeAll(() => fill(target.url, 2000));

const question = (method: string, path: string, body = "") =>
  `${head(method, path, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })}${body}`;
const QUESTIONS = [
  question("GET", "/v1/trips?limit=10"),
  question("GET", "/v1/trips/count?by=driver"),
  question("POST", "/v1/query", JSON.stringify({ by: ["driver"], select: [{ avg: "duration_s" }] })),
  question("POST", "/v1/weekly-averages", JSON.stringify({ area: circle(500), hours: "7-9" })),
  question("POST", "/v1/clusters", JSON.stringify({ area: circle(500) })),
];

/** Statements of the service that are at work, or wait for a lock. */
async function atWork(): Promise<number> {
  const [row] = await target.sql<{ count: number }[]>`
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'tripgrid' and state = 'active' and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
}

describe("clients who hang up", () => {
  it("take their statements with them", async () => {
    await target.sql.begin(async (sql) => {
      // Whatever asks about trips now waits, for as long as the test likes.
      await sql`lock table tripgrid.trips in access exclusive mode`;
      const sockets = Array.from({ length: 40 }, (_, i) => {
        const socket = open(target.port);
        socket.write(QUESTIONS[i % QUESTIONS.length] ?? "");
        return socket;
      });
      await until("questions wait for the lock", 20_000, async () => (await atWork()) > 0);
      await sleep(1000);
      for (const socket of sockets) socket.destroy();
      // A second is what it should take; the machine may be busy.
      await until("no statement is left", 15_000, async () => (await atWork()) === 0);
    });
    expect((await post(target.url, oneTrip())).status).toBe(200);
  });
});
