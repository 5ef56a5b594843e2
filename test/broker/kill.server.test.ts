/**
 * `kill -9` of the service, restarts of the broker and of the database, processes that join and leave: each message of a
 * topic is stored once or rejected once.
 *
 * `TRIPGRID_TEST_BROKER_MESSAGES` and `TRIPGRID_TEST_BROKER_KILLS` say how many; 100,000 and 30 in the full run.
 */
import { describe, expect, test } from "vitest";
import { canStartServers, countFrom, freshDatabase, isFull, ownServer } from "../harness/index.ts";
import { killRun } from "./kill-run.ts";
import { KINDS, lacks, startBroker } from "./test-broker.ts";

const messages = countFrom("TRIPGRID_TEST_BROKER_MESSAGES", 2000, 100_000);
const kills = countFrom("TRIPGRID_TEST_BROKER_KILLS", 2, 30);
const isLong = isFull(process.env) || kills >= 10;

describe.each(KINDS)("a topic of %s", (kind) => {
  const reason = lacks(kind);
  test.skipIf(reason !== undefined)(
    `${messages} messages, ${kills} times kill -9 (${reason ?? "runs"})`,
    {
      timeout: 3_600_000,
    },
    async () => {
      const broker = await startBroker(kind, 2);
      const database = await freshDatabase();
      // A server of its own, which can be stopped.
      const server = isLong && canStartServers ? await ownServer({}) : undefined;
      const databaseUrl = server?.url ?? database.databaseUrl ?? "";
      try {
        const result = await killRun({
          ...{ broker, messages, kills, databaseUrl },
          env: {
            ...database.env,
            DATABASE_URL: databaseUrl,
            TRIPGRID_BROKER_URL: broker.url,
            TRIPGRID_BROKER_PARTITIONS: "2",
            TRIPGRID_TRIPS_TOPIC: "trips",
          },
          ...(server ? { restartDatabase: () => server.restart("immediate") } : {}),
          leaves: isLong ? 5 : 0,
          brokerRestarts: isLong ? 5 : 1,
          databaseRestarts: 3,
        });
        process.stdout.write(`${kind}: ${JSON.stringify(result)}\n`);
        const { good, goodCopies, bad } = result;
        // What the topic holds, which is what its producer could send.
        expect(good).toBeGreaterThan(0.9 * messages);
        expect(result.inTopic).toBe(good + goodCopies + bad);
        expect(result).toMatchObject({
          stored: good,
          duplicates: goodCopies,
          rejected: bad,
          deadLetters: bad,
          waiting: 0,
        });
        expect(result.received).toBe(result.inTopic);
      } finally {
        await broker.close();
        await database.drop();
        server?.stop();
      }
    },
  );
});
