import { execFile } from "node:child_process";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestService, type TestService } from "../harness/index.ts";
import { KINDS, type Kind, lacks, type Sent, startBroker, type TestBroker } from "./test-broker.ts";

describe.each(KINDS)("trips by a topic of %s", (kind: Kind) => {
  const reason = lacks(kind);
  describe.skipIf(reason !== undefined)(reason ?? "", () => {
    let broker: TestBroker;
    let service: TestService;

    beforeAll(async () => {
      broker = await startBroker(kind, 2);
      await broker.createTopic("trips", 2);
      const topics = { tripsTopic: "trips", detectionsTopic: undefined };
      service = await startTestService({ brokerUrl: broker.url, brokerPartitions: 2, ...topics });
    });
    afterAll(async () => {
      await service?.stop();
      await broker?.close();
    });

    const countOf = async () => {
      const [row] = await service.sql<{ count: number }[]>`select count(*) from tripgrid.trips`;
      return row?.count ?? 0;
    };
    const trip = (id: string, more: object = {}) =>
      JSON.stringify({ trip_id: id, source: "bus", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99], ...more });

    test("are stored as those that come by HTTP, with a receipt that says where they came from", async () => {
      await broker.produce("trips", 0, [trip("a"), trip("b")]);
      await broker.produce("trips", 1, [trip("c"), trip("a")]);
      await expect.poll(countOf, { timeout: 60_000 }).toBe(3);
      await expect
        .poll(async () => (await service.sql`select 1 from tripgrid.batches`).length, { timeout: 60_000 })
        .toBeGreaterThanOrEqual(2);
      const [first] = await service.sql<{ batch_id: string; source: unknown }[]>`
        select batch_id, source from tripgrid.batches where source ->> 'partition' = '0' order by created_at limit 1`;
      const reply = await fetch(`${service.url}/v1/batches/${first?.batch_id}`);
      const receipt = (await reply.json()) as { source: { first_position: number }; received: number };
      expect(receipt.source).toMatchObject({ topic: "trips", partition: 0, first_position: kind === "nats" ? 1 : 0 });
    });

    test("that are none are rejected rows, go to the topic of rejected ones, and hold up no other", async () => {
      const bad = [
        "{'trip_id': 'x'}",
        '{"trip_id": "y", "source": "bus"',
        Buffer.from([0xff, 0xfe]),
        "[]",
        "",
        trip("d", { origin: [200, 0] }),
      ];
      await broker.produce("trips", 0, [...bad, trip("e")]);
      await expect.poll(countOf, { timeout: 60_000 }).toBe(4);
      await expect.poll(async () => (await broker.read("trips.rejected")).length, { timeout: 60_000 }).toBe(bad.length);
      const position = ({ headers }: Sent) => Number(headers["tripgrid-position"]);
      const rejected = (await broker.read("trips.rejected")).sort((a, b) => position(a) - position(b));
      expect(rejected.map(({ headers }) => headers["tripgrid-reason"])).toEqual([
        ...["invalid_json", "invalid_json", "invalid_text", "invalid_row", "invalid_json", "out_of_range"],
      ]);
      const last = rejected.at(-1);
      expect(last?.value).toBe(bad.at(-1));
      expect(last?.headers).toMatchObject({
        "tripgrid-topic": "trips",
        "tripgrid-partition": "0",
        "tripgrid-field": "origin",
        "tripgrid-id": `trips/0/${last?.headers["tripgrid-position"]}`,
      });
      const batch = await fetch(`${service.url}/v1/batches/${last?.headers["tripgrid-batch"]}/rejects`);
      expect(await batch.text()).toContain("out_of_range");
      const [outbox] = await service.sql`select count(*) from tripgrid.outbox`;
      expect(outbox?.count).toBe(0);
    });

    test.skipIf(kind === "nats")("are read in every compression", async () => {
      const before = await countOf();
      const codecs = ["gzip", "snappy", "lz4", "zstd"];
      for (const codec of codecs) {
        const args = ["-P", "-b", broker.url.slice("kafka://".length), "-t", "trips", "-p", "0", "-z", codec];
        const sending = promisify(execFile)("kcat", args);
        // More than one message, since a producer packs only what gets smaller.
        sending.child.stdin?.end(Array.from({ length: 50 }, (_, i) => trip(`${codec} ${i}`)).join("\n"));
        await sending;
      }
      await expect.poll(countOf, { timeout: 60_000 }).toBe(before + 50 * codecs.length);
    });

    test.skipIf(kind === "nats")(
      "hold up no other, whatever time, key and headers their producers gave them",
      async () => {
        const before = await countOf();
        const rejected = (await broker.read("trips.rejected")).length;
        const kafka = new kafkajs.Kafka({ brokers: [broker.url.slice("kafka://".length)] });
        const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
        await producer.connect();
        const odd = {
          partition: 0,
          key: Buffer.from([0, 0xff]),
          headers: { trace: Buffer.from([0, 1, 0xff]), "": "" },
        };
        const times = ["-1", "0", "1700000000000000", "1700000000000000000", "9223372036854775807"];
        // Kafka's encoding of a batch keeps the first time, and the others as distances from it.
        for (const [i, timestamp] of times.entries()) {
          const messages = [trip(`odd ${i}`), "{'no': 1}", null].map((value) => ({ ...odd, value, timestamp }));
          await producer.send({ topic: "trips", messages });
        }
        await producer.disconnect();
        await expect.poll(countOf, { timeout: 60_000 }).toBe(before + times.length);
        await expect
          .poll(async () => (await broker.read("trips.rejected")).length, { timeout: 60_000 })
          .toBe(rejected + 2 * times.length);
      },
    );

    test("that was made anew are not read until the position is removed", async () => {
      await service.sql`update tripgrid.broker_positions set position = 1000000, epoch = epoch + 1 where partition = 1`;
      await broker.produce("trips", 1, [trip("z")]);
      const stateOf = async () => {
        const reply = (await (await fetch(`${service.url}/readyz`)).json()) as {
          broker: { topics: { partitions: { partition: number; state: string; problem: string }[] }[] };
        };
        return reply.broker.topics[0]?.partitions.find(({ partition }) => partition === 1);
      };
      await expect.poll(stateOf, { timeout: 60_000 }).toMatchObject({ state: "stopped" });
      expect((await stateOf())?.problem).toContain("was made anew or cut off");
      await service.sql`delete from tripgrid.broker_positions where partition = 1`;
      const stored = () => service.sql`select 1 from tripgrid.trips where trip_id = 'z'`;
      await expect.poll(async () => (await stored()).length, { timeout: 60_000 }).toBe(1);
    });

    test("show their lag in /readyz and /metrics", async () => {
      const { broker: told } = (await (await fetch(`${service.url}/readyz`)).json()) as { broker: object };
      expect(told).toMatchObject({ kind, topics: [{ topic: "trips", fault: null }] });
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toMatch(/tripgrid_broker_lag_messages\{topic="trips",partition="0"\} \d/);
      expect(metrics).toMatch(/tripgrid_broker_rejected_total\{topic="trips"\} \d+/);
    });
  });
});
