import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import kafkajs from "kafkajs";
import { describe, expect, onTestFinished, test } from "vitest";
import { BrokerAway, TopicMissing } from "../../src/messaging/broker.ts";
import { startKafka, startNats } from "../harness/brokers.ts";
import { freePort } from "../harness/cluster.ts";
import { isFull } from "../harness/engines.ts";
import { lacksKafka, lacksNats } from "../harness/find-programs.ts";
import { createReader, open, opened, outgoing } from "./open-adapter.ts";
import { startBroker } from "./test-broker.ts";

const within = { timeout: 60_000 };

describe.skipIf(lacksNats() !== undefined)("NATS", () => {
  test("tells a missing topic, a wrong password and a server that is away apart", async () => {
    const server = await startNats(["--user", "u", "--pass", "p"]);
    onTestFinished(server.kill);
    const right = open({ TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_USER: "u", TRIPGRID_BROKER_PASSWORD: "p" });
    await expect(right.lag("none", new Map([[0, 0]]))).rejects.toThrow(TopicMissing);
    const wrong = open({ TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_USER: "u", TRIPGRID_BROKER_PASSWORD: "q" });
    await expect(wrong.publish([outgoing("t", Buffer.from("x"))])).rejects.toThrow(BrokerAway);
    const away = open({ TRIPGRID_BROKER_URL: `nats://127.0.0.1:${await freePort()}` });
    await expect(away.lag("t", new Map([[0, 0]]))).rejects.toThrow(BrokerAway);
  });

  test("makes a topic to publish to, keeps one copy of a message, and refuses one that is too large", async () => {
    const server = await startBroker("nats", 1);
    opened.push(server);
    const broker = open({ TRIPGRID_BROKER_URL: server.url });
    const large = { ...outgoing("a.b", Buffer.alloc(2_000_000)), headers: {} };
    const faults = await broker.publish([outgoing("a.b", Buffer.from("x")), large]);
    expect(faults).toEqual([undefined, { detail: expect.stringContaining("larger than"), mayPass: false }]);
    expect(await broker.publish([outgoing("a.b", Buffer.from("x"))])).toEqual([undefined]);
    const sent = await server.read("a.b");
    expect(sent).toMatchObject([{ value: "x", headers: { "tripgrid-key": "k", "tripgrid-id": "1" } }]);
    // From the same position of a topic that was made anew: another message.
    const anew = outgoing("a.b", Buffer.from("y"));
    await broker.publish([{ ...anew, headers: { ...anew.headers, "tripgrid-batch": "b2" } }]);
    expect((await server.read("a.b")).map(({ value }) => value)).toEqual(["x", "y"]);
  });

  test("says which stream stands in the way of a topic, publishes to others, and to it once it may", async () => {
    const server = await startBroker("nats", 2);
    opened.push(server);
    const broker = open({ TRIPGRID_BROKER_URL: server.url });
    // As for a topic that is read: its subjects are a.b.0 and a.b.1.
    await server.createTopic("a.b", 2);
    const send = () =>
      broker.publish(["a.b", "c"].map((topic) => ({ ...outgoing(topic, Buffer.from("x")), headers: {} })));
    const detail = expect.stringMatching(/no stream takes the subject a\.b.*nats stream edit a_b/);
    expect(await send()).toEqual([{ detail, mayPass: true, isOfTopic: true }, undefined]);
    const nc = await connect({ servers: server.url });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.update("a_b", { subjects: ["a.b", "a.b.*"] });
    await nc.close();
    expect(await send()).toEqual([undefined, undefined]);
  });

  test("shares partitions, counts unread messages of each, and tells a stream that was made anew", async () => {
    const server = await startBroker("nats", 2);
    opened.push(server);
    const env = { TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_PARTITIONS: "2" };
    await server.createTopic("t", 2);
    await server.produce("t", 0, ["a", "b"]);
    await server.produce("t", 1, ["c"]);
    const first = open(env);
    const logs = await first.lag(
      "t",
      new Map([
        [0, 2],
        [1, undefined],
      ]),
    );
    expect(logs.get(0)).toMatchObject({ first: 1, end: 4, unread: 1 });
    expect(logs.get(1)).toMatchObject({ unread: 1 });
    const one = createReader(first, "t", 1);
    await expect.poll(() => one.values().sort(), within).toEqual(["a", "b", "c"]);
    const two = createReader(open(env), "t", 1);
    await expect.poll(() => two.assigned.length, within).toBe(1);
    await expect.poll(() => one.revoked, within).toEqual(two.assigned);
    await two.subscription.stop();
    await expect.poll(() => one.assigned.length, within).toBe(3);

    const before = one.assigned.length;
    const nc = await connect({ servers: server.url });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.delete("t");
    await server.createTopic("t", 2);
    await nc.close();
    await expect.poll(() => one.assigned.length, within).toBeGreaterThan(before);
    const anew = await first.lag("t", new Map([[0, 2]]));
    expect(anew.get(0)?.logId).not.toBe(logs.get(0)?.logId);
    await one.subscription.stop();
  });
});

describe.skipIf(lacksKafka() !== undefined)("Kafka", () => {
  test("goes on after errors that end a consumer of kafkajs, and when a leader moves", async () => {
    const cluster = await startKafka(2);
    await cluster.say("create t 1");
    await cluster.say("lead t 0 1");
    const kafka = new kafkajs.Kafka({ brokers: cluster.brokers, logLevel: kafkajs.logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    opened.push({ close: () => producer.disconnect() });
    const produce = (value: string) => producer.send({ topic: "t", messages: [{ value }] });
    const reader = createReader(open({ TRIPGRID_BROKER_URL: cluster.url }), "t", 0);
    await produce("a");
    await expect.poll(reader.values, within).toEqual(["a"]);
    // The group coordinator says INVALID_GROUP_ID to the next heartbeats and joins, which kafkajs does not try again.
    await cluster.say("fail 12 24 2");
    await expect.poll(() => reader.faults.length, within).toBeGreaterThan(0);
    await produce("b");
    await expect.poll(reader.values, within).toEqual(["a", "b"]);
    // This takes kafkajs some more seconds.
    if (isFull(process.env)) {
      await cluster.say("lead t 0 2");
      await produce("c");
      await expect.poll(reader.values, within).toEqual(["a", "b", "c"]);
    }
    await reader.subscription.stop();
  });

  test("tells a missing topic, a refused message and a broker that is away apart", async () => {
    const cluster = await startKafka();
    const broker = open({ TRIPGRID_BROKER_URL: cluster.url });
    await cluster.say("create out 1");
    expect(await broker.publish([outgoing("out", Buffer.from("x"))])).toEqual([undefined]);
    // MESSAGE_TOO_LARGE for the batch, then for the first message by itself.
    await cluster.say("fail 0 10 2");
    const two = [outgoing("out", Buffer.from("large")), outgoing("out", Buffer.from("y"))];
    expect(await broker.publish(two)).toEqual([{ detail: expect.any(String), mayPass: false }, undefined]);
    expect((await broker.lag("out", new Map([[0, 1]]))).get(0)).toMatchObject({ first: 0, end: 2, unread: 1 });
    // UNKNOWN_TOPIC_OR_PARTITION, also to each of the attempts that follow.
    await cluster.say("fail 0 3 6");
    const other = [
      outgoing("out", Buffer.from("1")),
      outgoing("out", Buffer.from("2")),
      outgoing("more", Buffer.from("3")),
    ];
    const missing = { detail: expect.any(String), mayPass: true, isOfTopic: true };
    expect(await broker.publish(other)).toEqual([missing, missing, undefined]);
    await cluster.say("stop 1");
    await expect(broker.publish([outgoing("out", Buffer.from("z"))])).rejects.toThrow(BrokerAway);
    await cluster.say("start 1");
    expect(await broker.publish([outgoing("out", Buffer.from("z"))])).toEqual([undefined]);
  });
});
