/**
 * `kill -9` of the service, restarts of the broker and of the database, processes that join and leave: each message of a
 * topic is stored once or rejected once.
 */
import { describe, test } from "vitest";
import { isFull } from "../harness/index.ts";
import { TRIPS } from "./kill-run.ts";
import { expectOnce, kills, messages } from "./kill-test.ts";
import { KINDS, lacks } from "./test-broker.ts";

// In the usual run each kind has one run: Kafka in detections/detections-kill.server.test.ts.
describe.each(isFull(process.env) ? KINDS : KINDS.slice(0, 1))("a topic of %s", (kind) => {
  const reason = lacks(kind);
  test.skipIf(reason !== undefined)(
    `${messages} messages, ${kills} times kill -9 (${reason ?? "runs"})`,
    { timeout: 3_600_000 },
    () => expectOnce(kind, TRIPS, { TRIPGRID_TRIPS_TOPIC: "trips", TRIPGRID_DETECTIONS_TOPIC: "none" }),
  );
});
