import { z } from "zod";

/** A partition that this process reads. */
export const PartitionStatus = z.object({
  topic: z.string(),
  partition: z.int(),
  state: z.enum(["starting", "reading", "waiting", "stopped"]),
  position: z.int().nullable().meta({ description: "The next position to read; null: nothing is stored yet" }),
  lag: z.int().nullable().meta({ description: "Unread messages; null while the broker has not told" }),
  age_seconds: z.number().nullable().meta({
    description: "How long ago the last stored message was sent, while others are unread; 0: none is unread",
  }),
  problem: z.string().nullable().meta({ description: "Why it is not read" }),
});
export type PartitionStatus = z.infer<typeof PartitionStatus>;

const TopicStatus = z.object({
  topic: z.string(),
  fault: z.string().nullable().meta({ description: "Why the topic is not read" }),
  partitions: z.array(PartitionStatus).meta({ description: "Those that this process reads" }),
  messages: z.int().meta({ description: "Messages that this process has stored or rejected since it started" }),
  rejected: z.int().meta({ description: "Those of them that it rejected" }),
});

/** What `/readyz` and `/metrics` tell of the broker. */
export const BrokerStatus = z.object({
  kind: z.enum(["kafka", "nats"]),
  topics: z.array(TopicStatus),
  publish_fault: z.string().nullable().meta({ description: "Why messages are not published; they wait in the outbox" }),
});
export type BrokerStatus = z.infer<typeof BrokerStatus>;

/** The messages that are still to be published, and those that the broker refused for good. */
export interface OutboxStatus {
  waiting: number;
  /** How long the oldest one has waited. */
  oldest_seconds: number;
  given_up: number;
}

/** Counts messages by topic. */
export function createCounts() {
  const counts = new Map<string, { messages: number; rejected: number }>();
  const of = (topic: string) => counts.get(topic) ?? { messages: 0, rejected: 0 };
  return {
    of,
    add: (topic: string, messages: number, rejected: number) => {
      const before = of(topic);
      counts.set(topic, { messages: before.messages + messages, rejected: before.rejected + rejected });
    },
  };
}
