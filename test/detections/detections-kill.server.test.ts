/**
 * `kill -9` of the service while detections come by a topic: each message is stored once or rejected once, counted
 * once, and alerted once. `TRIPGRID_TEST_BROKER_MESSAGES` and `TRIPGRID_TEST_BROKER_KILLS` say how many.
 */
import { expect, test } from "vitest";
import { createClient } from "../../src/database/client.ts";
import { DETECTIONS, killRun } from "../broker/kill-run.ts";
import { lacks, startBroker } from "../broker/test-broker.ts";
import { countFrom, freshDatabase } from "../harness/index.ts";

const messages = countFrom("TRIPGRID_TEST_BROKER_MESSAGES", 1000, 20_000);
const kills = countFrom("TRIPGRID_TEST_BROKER_KILLS", 1, 10);
const reason = lacks("nats");

test.skipIf(reason !== undefined)(
  `${messages} detections by two processes, ${kills} times kill -9 (${reason ?? "runs"})`,
  { timeout: 3_600_000 },
  async () => {
    const broker = await startBroker("nats", 2);
    const database = await freshDatabase();
    const databaseUrl = database.databaseUrl ?? "";
    const sql = createClient({ url: databaseUrl }, { max: 1 });
    try {
      const env = {
        ...database.env,
        TRIPGRID_BROKER_URL: broker.url,
        TRIPGRID_BROKER_PARTITIONS: "2",
        SUSPICIOUS_VEHICLE: "SUV",
      };
      const result = await killRun({
        ...{ broker, messages, kills, databaseUrl, env, brought: DETECTIONS },
        ...{ leaves: 0, brokerRestarts: kills > 5 ? 2 : 0, databaseRestarts: 0 },
      });
      expect(result.good).toBeGreaterThan(0.9 * messages);
      expect(result).toMatchObject({
        stored: result.good,
        duplicates: result.goodCopies,
        rejected: result.bad,
        deadLetters: result.bad,
        ...{ waiting: 0, received: result.inTopic },
      });
      const [counted] = await sql<{ n: number }[]>`
        select sum(detections) as n from bi.detections_daily where dimension = 'make'`;
      expect(counted?.n).toBe(result.good);
      const alerted = await sql<
        { id: string; about: string }[]
      >`select id, about ->> 'id' as about from tripgrid.alerts`;
      expect(new Set(alerted.map(({ about }) => about)).size).toBe(result.good);
      expect(alerted.length).toBe(result.good);
      const published = (await broker.read("intellisite.alerts")).map(({ headers }) => headers["tripgrid-id"]);
      expect(new Set(published)).toEqual(new Set(alerted.map(({ id }) => id)));
    } finally {
      await sql.end();
      await broker.close();
      await database.drop();
    }
  },
);
