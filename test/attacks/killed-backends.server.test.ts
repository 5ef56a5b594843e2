/** Backends of the database that end under load: every request ends as well, and nothing that was acknowledged is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { canStartServers } from "../harness/index.ts";
import { Load } from "./harness/clients.ts";
import { childrenOf, signal } from "./harness/harm.ts";
import { fill, untilNormal, useTarget } from "./harness/index.ts";
import { type OwnServer, startOwnServer } from "./harness/own-server.ts";

const SECONDS = 6;
/** The limits of the requests and some patience of the machine's. */
const DEADLINE_MS = 30_000;

describe.skipIf(!canStartServers)("backends that end under load", () => {
  let own: OwnServer;
  const target = useTarget({ TRIPGRID_INGEST_TIMEOUT_S: "5", TRIPGRID_QUESTION_TIMEOUT_S: "10" }, async () => {
    own = await startOwnServer();
    return own.database;
  });
  beforeAll(() => fill(target.url, 10_000));

  async function underLoad(harm: () => Promise<unknown>): Promise<Load> {
    const load = new Load(() => target.url, {
      deadlineMs: { write: DEADLINE_MS, read: DEADLINE_MS },
      writers: 4,
      readers: 8,
    });
    load.start();
    const end = performance.now() + SECONDS * 1000;
    while (performance.now() < end) {
      await harm();
      await sleep(150);
    }
    await load.finish();
    expect(load.wrong.slice(0, 5)).toEqual([]);
    return load;
  }

  it("one after the other, told to end: pg_terminate_backend", async () => {
    const load = await underLoad(
      () => target.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and application_name = 'tripgrid'
        order by random() limit 1`,
    );
    expect(await load.compare(target.sql)).toMatchObject({ lost: 0, doubled: 0, strangers: 0 });
  });

  it("by SIGKILL, which makes the server start itself again", async () => {
    const load = await underLoad(async () => {
      const [postmaster = 0] = own.pids();
      const backends = childrenOf(postmaster);
      signal(backends.slice(-1), "SIGKILL");
      await sleep(2000);
    });
    await untilNormal(target.url, 20_000);
    expect(await load.compare(target.sql)).toMatchObject({ lost: 0, doubled: 0, strangers: 0 });
  });
});
