import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS, type Kind, lacks, startBroker, type TestBroker } from "../broker/test-broker.ts";
import { startTestService, type TestService } from "../harness/index.ts";
import { page, seen, stats } from "./send-detections.ts";

const TOPIC = "intellisite.detections";

describe.each(KINDS)("detections by a topic of %s", (kind: Kind) => {
  const reason = lacks(kind);
  describe.skipIf(reason !== undefined)(reason ?? "", () => {
    let broker: TestBroker;
    let service: TestService;

    beforeAll(async () => {
      broker = await startBroker(kind, 2);
      await broker.createTopic(TOPIC, 2);
      service = await startTestService({ brokerUrl: broker.url, brokerPartitions: 2 });
    });
    afterAll(async () => {
      await service?.stop();
      await broker?.close();
    });

    test("are stored with a UUID each, and seen when they were sent", async () => {
      await broker.produce(TOPIC, 0, [JSON.stringify(seen()), JSON.stringify(seen({ Make: "Fiat" }))]);
      await broker.produce(TOPIC, 1, [JSON.stringify(seen())]);
      await expect.poll(async () => (await page(service)).total, { timeout: 60_000 }).toBe(3);
      expect(await stats(service, "make")).toEqual([
        ["Toyota", 2],
        ["Fiat", 1],
      ]);
      const { detections } = await page(service);
      expect(new Set(detections.map(({ id }) => id)).size).toBe(3);
      for (const { seen_at } of detections) expect(Date.now() - Date.parse(seen_at)).toBeLessThan(600_000);
    });

    test("that are none go to the topic of rejected ones with the reason, and hold up no other", async () => {
      const before = (await page(service)).total;
      const bad = [
        "{'Year': 2011, 'Make': 'Toyota'}",
        JSON.stringify(seen({ Year: 1700 })),
        JSON.stringify(seen({ Make: 7 })),
      ];
      await broker.produce(TOPIC, 0, [...bad, JSON.stringify(seen())]);
      await expect.poll(async () => (await page(service)).total, { timeout: 60_000 }).toBe(before + 1);
      await expect
        .poll(async () => (await broker.read(`${TOPIC}.rejected`)).length, { timeout: 60_000 })
        .toBe(bad.length);
      const rejected = await broker.read(`${TOPIC}.rejected`);
      expect(rejected.map(({ headers }) => [headers["tripgrid-field"], headers["tripgrid-reason"]]).sort()).toEqual([
        ["Make", "wrong_type"],
        ["Year", "out_of_range"],
        ["row", "invalid_json"],
      ]);
      const python = rejected.find(({ value }) => value.startsWith("{'"));
      expect(python?.headers["tripgrid-detail"]).toContain("Python's quotes");
      const batch = await fetch(`${service.url}/v1/batches/${python?.headers["tripgrid-batch"]}`);
      expect(await batch.json()).toMatchObject({ mapping: "detections", source: { topic: TOPIC, partition: 0 } });
    });

    test("that were read already are not stored again when they are read once more", async () => {
      const before = (await page(service)).total;
      await service.sql`update tripgrid.broker_positions set position = ${kind === "nats" ? 1 : 0}, epoch = epoch + 1 where partition = 1`;
      await broker.produce(TOPIC, 1, [JSON.stringify(seen({ Make: "Lada" }))]);
      await expect.poll(async () => stats(service, "make"), { timeout: 60_000 }).toContainEqual(["Lada", 1]);
      expect((await page(service)).total).toBe(before + 1);
    });
  });
});
