import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readConfig } from "../../src/config.ts";
import { brokerSettings } from "../../src/messaging/broker-settings.ts";
import { openBroker } from "../../src/messaging/open-broker.ts";
import { openEvents } from "../../test/alerts/events-of.ts";
import { KINDS, lacks, startBroker, type TestBroker } from "../../test/broker/test-broker.ts";
import { digits, quantile } from "../lib/figures.ts";
import { startBenchService } from "../lib/service.ts";
import { openTarget } from "../lib/target.ts";

const DETECTIONS = "intellisite.detections";
const ALERTS = "intellisite.alerts";
const PARTITIONS = 4;
const print = (line: string) => process.stdout.write(`${line}\n`);

/**
 * How long after a message of a detection was sent is its alert in the topic of alerts, and at a follower of the stream?
 * At a fixed rate of messages, of which a share raises an alert. The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const { engine, rate, seconds, every, kind } = readOptions(args);
  const target = await openTarget(engine, process.env.DATABASE_URL || undefined);
  const broker = await startBroker(kind, PARTITIONS);
  const brokerEnv = {
    TRIPGRID_BROKER_URL: broker.url,
    TRIPGRID_BROKER_PARTITIONS: String(PARTITIONS),
    SUSPICIOUS_VEHICLE: "SUV",
  };
  await broker.createTopic(DETECTIONS, PARTITIONS);
  // On NATS the service makes the stream: alerts have one partition, unlike the topics that are read.
  if (kind === "kafka") await broker.createTopic(ALERTS, 1);
  const service = await startBenchService({ ...target.env, ...brokerEnv }, undefined);
  try {
    await warmUp(service.url, broker, rate);
    const following = await openEvents(service);
    const published = await followTopic(broker);
    const began = performance.now();
    const sent = await sendSteadily(broker, rate, rate * seconds, every);
    const sending = (performance.now() - began) / 1000;
    const alerts = Math.floor(sent / every);
    while (following.events.length < alerts || published.waits.length < alerts) await sleep(50);
    await published.stop();
    const streamed = following.events.map(({ at, data }) => at - Number(data.detection?.attributes?.sent_ms));
    following.close();
    const [stream, topic] = [streamed, published.waits].map((waits) => waits.toSorted((a, b) => a - b));
    const figures = (waits: readonly number[] = []) => ({
      p50_ms: digits(quantile(waits, 0.5), 3),
      p99_ms: digits(quantile(waits, 0.99), 3),
    });
    print(
      JSON.stringify({
        ...{ bench: "alerts", engine: engine ?? "DATABASE_URL", broker: kind, messages: sent, alerts },
        messages_per_s: Math.round(sent / sending),
        ...{ stream: figures(stream), topic: figures(topic) },
      }),
    );
  } finally {
    await service.stop();
    await broker.close();
    target.stop();
  }
}

/** When each alert was stored in the topic, by the broker's own clock, after its message was sent. */
async function followTopic({ url }: TestBroker) {
  const settings = brokerSettings(readConfig({ TRIPGRID_BROKER_URL: url, TRIPGRID_BROKER_GROUP: "bench" }));
  if (!settings) throw new Error(`${url} is no broker`);
  const client = await openBroker(settings);
  const waits: number[] = [];
  const subscription = client.subscribe(ALERTS, {
    onAssigned: (partition) => subscription.read(partition, 0),
    onRevoked: () => {},
    onMessages: async (_, { messages }) => {
      for (const { value, sentAt } of messages) {
        const alert = JSON.parse(Buffer.from(value ?? []).toString());
        waits.push(sentAt - Number(alert.detection.attributes.sent_ms));
      }
    },
    // It is not there until the first alert is.
    onFault: () => {},
    onRecovered: () => {},
  });
  return { waits, stop: () => subscription.stop().then(() => client.close()) };
}

/** The first seconds of a process are slower. No message of them raises an alert. */
async function warmUp(url: string, broker: TestBroker, rate: number): Promise<void> {
  const sent = await sendSteadily(broker, rate, rate * WARM_SECONDS, Number.POSITIVE_INFINITY);
  for (let total = 0; total < sent; await sleep(50)) {
    ({ total } = (await (await fetch(`${url}/v1/detections/stats?by=make`)).json()) as { total: number });
  }
}

const WARM_SECONDS = 5;

/** @param every each such message is an SUV; infinity: none is */
async function sendSteadily(broker: TestBroker, rate: number, take: number, every: number): Promise<number> {
  const sending: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < take; await sleep(5)) {
    const due = Math.min(take, Math.floor(((performance.now() - began) * rate) / 1000));
    if (due === sent) continue;
    const values = Array.from({ length: due - sent }, (_, i) =>
      JSON.stringify({
        ...{
          Year: 2011,
          Make: "Toyota",
          Model: "Land Cruiser",
          Category: (sent + i + 1) % every === 0 ? "SUV" : "Car",
        },
        sent_ms: Date.now(),
      }),
    );
    sending.push(broker.produce(DETECTIONS, sending.length % PARTITIONS, values));
    sent = due;
  }
  await Promise.all(sending);
  return take;
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      broker: { type: "string", default: "nats" },
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "20" },
      every: { type: "string", default: "10" },
    },
  });
  const kind = KINDS.find((one) => one === values.broker);
  if (!kind) throw new RangeError(`--broker: expected ${KINDS.join(", ")}`);
  const reason = lacks(kind);
  if (reason !== undefined) throw new RangeError(`--broker ${kind}: ${reason}`);
  const whole = (name: "rate" | "seconds" | "every") => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name}: expected a number from 1`);
    return value;
  };
  return { engine: values.engine, kind, rate: whole("rate"), seconds: whole("seconds"), every: whole("every") };
}
