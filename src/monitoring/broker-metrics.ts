import { Counter, Gauge, type Registry } from "prom-client";
import type { BrokerStatus, OutboxStatus } from "../broker/broker-status.ts";

/** Both are undefined where there is no broker. */
export interface BrokerSources {
  status: (() => BrokerStatus) | undefined;
  outbox: (() => Promise<OutboxStatus>) | undefined;
}

/**
 * Adds the figures of the broker: of each partition that this process reads, of each topic, and of the outbox.
 *
 * @returns a function that reads the outbox from the database; undefined: there is no broker
 */
export function watchBroker(
  registers: Registry[],
  { status, outbox }: BrokerSources,
): (() => Promise<void>) | undefined {
  if (!status || !outbox) return undefined;
  watchPartitions(registers, status);
  watchTopics(registers, status);
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const waiting = gauge("tripgrid_outbox_messages", "Messages that are still to be published");
  const oldest = gauge("tripgrid_outbox_age_seconds", "How long the oldest of them has waited");
  const refused = gauge("tripgrid_outbox_given_up", "Messages that the broker refused for good, kept for a month");
  return async () => {
    for (const each of [waiting, oldest, refused]) each.remove();
    const found = await outbox();
    waiting.set(found.waiting);
    oldest.set(found.oldest_seconds);
    refused.set(found.given_up);
  };
}

function watchPartitions(registers: Registry[], status: () => BrokerStatus): void {
  const labelNames = ["topic", "partition"];
  const each = (name: string, help: string, read: (one: Partition) => number | null) =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const one of status().topics.flatMap(({ partitions }) => partitions)) {
          const value = read(one);
          if (value !== null) this.set({ topic: one.topic, partition: String(one.partition) }, value);
        }
      },
    });
  each("tripgrid_broker_lag_messages", "Unread messages of a partition", ({ lag }) => lag);
  each(
    "tripgrid_broker_lag_seconds",
    "How long ago the last stored message of a partition was sent, while others are unread",
    ({ age_seconds }) => age_seconds,
  );
  each("tripgrid_broker_position", "The next position to read of a partition", ({ position }) => position);
  each("tripgrid_broker_partition_up", "1 while a partition is read, 0 while it waits or is stopped", ({ state }) =>
    state === "reading" ? 1 : 0,
  );
}

type Partition = BrokerStatus["topics"][number]["partitions"][number];

function watchTopics(registers: Registry[], status: () => BrokerStatus): void {
  const each = (name: string, help: string, read: (topic: BrokerStatus["topics"][number]) => number) =>
    new Counter({
      ...{ name, help, registers, labelNames: ["topic"] },
      collect() {
        this.reset();
        for (const topic of status().topics) this.inc({ topic: topic.topic }, read(topic));
      },
    });
  each(
    "tripgrid_broker_messages_total",
    "Messages of a topic that were stored or rejected",
    ({ messages }) => messages,
  );
  each("tripgrid_broker_rejected_total", "Messages of a topic that were rejected", ({ rejected }) => rejected);
  new Gauge({
    name: "tripgrid_broker_up",
    help: "1 while the broker lets a topic be read, else 0",
    labelNames: ["topic"],
    registers,
    collect() {
      for (const { topic, fault } of status().topics) this.set({ topic }, fault === null ? 1 : 0);
    },
  });
}
