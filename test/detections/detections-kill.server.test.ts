/**
 * `kill -9` of the service and the other faults while detections come by a topic: each message is stored once or
 * rejected once, counted once, and alerted once.
 */
import { describe, expect, test } from "vitest";
import { DETECTIONS } from "../broker/kill-run.ts";
import { expectOnce, kills, messages } from "../broker/kill-test.ts";
import { KINDS, lacks } from "../broker/test-broker.ts";
import { isFull } from "../harness/index.ts";

const ALERTS = "intellisite.alerts";

// In the usual run each kind has one run: NATS in broker/kill.server.test.ts.
describe.each(isFull(process.env) ? KINDS : KINDS.slice(1))("detections and their alerts by %s", (kind) => {
  const reason = lacks(kind);
  test.skipIf(reason !== undefined)(
    `${messages} messages, ${kills} times kill -9 (${reason ?? "runs"})`,
    { timeout: 3_600_000 },
    () =>
      expectOnce(kind, DETECTIONS, { SUSPICIOUS_VEHICLE: "SUV" }, { [ALERTS]: 16 }, async ({ sql, broker, result }) => {
        const [counted] = await sql<{ n: number }[]>`
          select sum(detections) as n from bi.detections_daily where dimension = 'make'`;
        expect(counted?.n).toBe(result.good);
        const alerted = await sql<{ id: string; about: string }[]>`
          select id, about ->> 'id' as about from tripgrid.alerts`;
        expect(new Set(alerted.map(({ about }) => about)).size).toBe(result.good);
        expect(alerted.length).toBe(result.good);
        const published = (await broker.read(ALERTS)).map(({ headers }) => headers["tripgrid-id"]);
        process.stdout.write(`${published.length - result.good} alerts were published twice\n`);
        expect(new Set(published)).toEqual(new Set(alerted.map(({ id }) => id)));
      }),
  );
});
