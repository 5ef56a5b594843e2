import { afterAll } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Broker, Listener, Outgoing, Stretch } from "../../src/messaging/broker.ts";
import { type BrokerSettings, brokerSettings } from "../../src/messaging/broker-settings.ts";
import { createKafka } from "../../src/messaging/kafka.ts";
import { createNats } from "../../src/messaging/nats.ts";

/** What is closed after all tests of a file, the latest first. */
export const opened: { close(): Promise<void> | void }[] = [];
afterAll(async () => {
  for (const one of opened) await one.close();
});

/** The adapter that settings lead to. */
export function open(env: Record<string, string>): Broker {
  const settings = brokerSettings(readConfig(env)) as BrokerSettings;
  const broker = settings.kind === "nats" ? createNats(settings) : createKafka(settings);
  opened.unshift(broker);
  return broker;
}

export const outgoing = (topic: string, value: Uint8Array): Outgoing => ({
  ...{ topic, value, key: "k" },
  headers: { "tripgrid-id": "1" },
});

/** A listener that reads each partition from `from` on, and keeps what it got. */
export function createReader(broker: Broker, topic: string, from: number) {
  const got: Stretch[] = [];
  const assigned: number[] = [];
  const revoked: number[] = [];
  const faults: Error[] = [];
  const listener: Listener = {
    onAssigned: (partition) => {
      assigned.push(partition);
      // Only once the subscription is there.
      setImmediate(() => subscription.read(partition, got.at(-1)?.next ?? from));
    },
    onRevoked: (partition) => void revoked.push(partition),
    onMessages: async (_, stretch) => void got.push(stretch),
    onFault: (error) => void faults.push(error),
    onRecovered: () => {},
  };
  const subscription = broker.subscribe(topic, listener);
  const values = () => got.flatMap(({ messages }) => messages.map(({ value }) => String(Buffer.from(value ?? []))));
  return { got, assigned, revoked, faults, subscription, values };
}
