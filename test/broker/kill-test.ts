import { expect } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { canStartServers, countFrom, freshDatabase, isFull, ownServer } from "../harness/index.ts";
import { type Brought, killRun, PARTITIONS, type RunResult } from "./kill-run.ts";
import { type Kind, startBroker, type TestBroker } from "./test-broker.ts";

/** `TRIPGRID_TEST_BROKER_MESSAGES` and `TRIPGRID_TEST_BROKER_KILLS` say how many. */
export const messages = countFrom("TRIPGRID_TEST_BROKER_MESSAGES", 1000, 100_000);
export const kills = countFrom("TRIPGRID_TEST_BROKER_KILLS", 1, 30);
const isLong = isFull(process.env) || kills >= 10;

interface Checked {
  broker: TestBroker;
  sql: Sql;
  result: RunResult;
}

/**
 * Sends messages by a topic through all faults, and expects each good one stored once and each bad one in the topic of
 * rejected ones once. A long run also restarts a database of its own, and processes leave and join.
 *
 * @param topics further topics, with their partitions
 * @param check what else is expected
 */
export async function expectOnce(
  kind: Kind,
  brought: Brought,
  env: Record<string, string>,
  topics: Record<string, number> = {},
  check: (all: Checked) => Promise<void> = async () => {},
): Promise<void> {
  const broker = await startBroker(kind, PARTITIONS);
  const database = await freshDatabase();
  const server = isLong && canStartServers ? await ownServer({}) : undefined;
  const databaseUrl = server?.url ?? database.databaseUrl ?? "";
  const sql = createClient({ url: databaseUrl }, { max: 1 });
  try {
    if (kind === "kafka") for (const [topic, count] of Object.entries(topics)) await broker.createTopic(topic, count);
    const result = await killRun({
      ...{ broker, brought, messages, kills, databaseUrl },
      env: {
        ...database.env,
        DATABASE_URL: databaseUrl,
        TRIPGRID_BROKER_URL: broker.url,
        TRIPGRID_BROKER_PARTITIONS: String(PARTITIONS),
        ...env,
      },
      ...(server ? { restartDatabase: () => server.restart("immediate") } : {}),
      leaves: isLong ? 5 : 0,
      brokerRestarts: isLong ? 5 : 1,
      databaseRestarts: 3,
    });
    process.stdout.write(`${kind}, ${brought.topic}: ${JSON.stringify(result)}\n`);
    const { good, goodCopies, bad } = result;
    // What the topic holds, which is what its producer could send.
    expect(good).toBeGreaterThan(0.9 * messages);
    expect(result.inTopic).toBe(good + goodCopies + bad);
    expect(result).toMatchObject({ stored: good, duplicates: goodCopies, rejected: bad, deadLetters: bad, waiting: 0 });
    expect(result.received).toBe(result.inTopic);
    await check({ broker, sql, result });
  } finally {
    await sql.end({ timeout: 5 });
    await broker.close();
    await database.drop();
    server?.stop();
  }
}
