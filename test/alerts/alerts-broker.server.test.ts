import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { KINDS, type Kind, lacks, startBroker, type TestBroker } from "../broker/test-broker.ts";
import { seen, sendDetections } from "../detections/send-detections.ts";
import { callJson, trip } from "../harness/api.ts";
import { freshDatabase, isFull, itInFull, startTestService, type TestService } from "../harness/index.ts";
import { openEvents } from "./events-of.ts";

/** Sends a detection again while there are too many at one time, as a client does. */
async function sendUntilTaken(to: TestService, detection: unknown): Promise<void> {
  for (let status = 429; status !== 200; ) {
    ({ status } = await sendDetections(to, detection));
    if (status === 429) await sleep(100);
    else expect(status).toBe(200);
  }
}

const DETECTIONS = "intellisite.detections";
const ALERTS = "intellisite.alerts";

describe.each(isFull(process.env) ? KINDS : KINDS.slice(0, 1))("alerts by %s", (kind: Kind) => {
  const reason = lacks(kind);
  describe.skipIf(reason !== undefined)(reason ?? "", () => {
    let broker: TestBroker;
    let one: TestService;
    let other: TestService;

    beforeAll(async () => {
      broker = await startBroker(kind, 1);
      for (const topic of [DETECTIONS, ALERTS, "trips"]) await broker.createTopic(topic, 1);
      const database = await freshDatabase();
      const settings = { brokerUrl: broker.url, tripsTopic: "trips", suspiciousVehicle: ["SUV", "Pickup"] };
      one = await startTestService(settings, database);
      other = await startTestService({ suspiciousVehicle: ["SUV", "Pickup"] }, { ...database, drop: async () => {} });
    });
    afterAll(async () => {
      await other?.stop();
      await one?.stop();
      await broker?.close();
    });

    const published = async () => {
      const sent = await broker.read(ALERTS);
      return sent.map(({ value, headers }) => ({ alert: JSON.parse(value) as Alert, headers }));
    };

    test("SUSPICIOUS_VEHICLE makes the rule, and a message of the topic becomes one of the other, with its id", async () => {
      const following = await openEvents(other);
      await broker.produce(DETECTIONS, 0, [
        JSON.stringify(seen({ Model: "a" })),
        JSON.stringify(seen({ Model: "b", Category: "Car" })),
        "{'Category': 'SUV'}",
        JSON.stringify(seen({ Model: "c", Category: "Pickup" })),
      ]);
      await expect.poll(async () => (await published()).length, { timeout: 60_000 }).toBe(2);
      const all = await published();
      expect(all.map(({ alert }) => [alert.rule, alert.detection?.Model]).sort()).toEqual([
        ["suspicious-vehicle", "a"],
        ["suspicious-vehicle", "c"],
      ]);
      for (const { alert, headers } of all) expect(headers["tripgrid-id"]).toBe(alert.id);
      // The other process read none of it, and follows all of it.
      await expect.poll(() => following.events.length, { timeout: 60_000 }).toBe(2);
      expect(following.events.map(({ data }) => data)).toEqual(all.map(({ alert }) => alert));
      following.close();
    });

    test("what a process without a broker takes in is published by another one", async () => {
      await sendDetections(other, seen({ Model: "d" }));
      await expect.poll(async () => (await published()).length, { timeout: 60_000 }).toBe(3);
      expect((await published()).at(-1)?.alert.detection?.Model).toBe("d");
    });

    test("trips that come by a topic raise alerts too", async () => {
      await callJson(one, "PUT", "/v1/alert-rules/night", { on: "trips", where: { hour: { "<": 5 } } });
      const night = trip({ trip_id: "n", source: "t", started_at: "2018-05-21T03:00:00" });
      const day = trip({ trip_id: "d", source: "t", started_at: "2018-05-21T13:00:00" });
      await broker.produce("trips", 0, [JSON.stringify(night), JSON.stringify(day)]);
      await expect.poll(async () => (await published()).length, { timeout: 60_000 }).toBe(4);
      expect((await published()).at(-1)?.alert).toMatchObject({ rule: "night", trip: { trip_id: "n" } });
    });

    itInFull("followers miss none, and get none twice, while both processes take detections in", async () => {
      const followers = await Promise.all([openEvents(one), openEvents(other), openEvents(one), openEvents(other)]);
      const models = Array.from({ length: 200 }, (_, i) => `m${i}`);
      await Promise.all(models.map((Model, i) => sendUntilTaken(i % 2 ? one : other, seen({ Model }))));
      for (const follower of followers) {
        await expect.poll(() => follower.models().length, { timeout: 60_000 }).toBe(models.length);
        expect([...follower.models()].sort()).toEqual([...models].sort());
        const numbers = follower.events.map(({ id }) => Number(id));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        follower.close();
      }
      await expect.poll(async () => (await published()).length, { timeout: 60_000 }).toBe(4 + models.length);
    });
  });
});
