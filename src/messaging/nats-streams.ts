import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { TopicMissing } from "./broker.ts";

export interface Connected {
  nc: NatsConnection;
  jsm: JetStreamManager;
  /** Subjects of which a stream is known. */
  known: Set<string>;
}

/** The subject of a partition. */
export const subjectOf = (topic: string, partition: number, partitions: number) =>
  partitions === 1 ? topic : `${topic}.${partition}`;

/**
 * The stream that takes a subject.
 *
 * @throws TopicMissing
 */
export async function streamOf(jsm: JetStreamManager, subject: string): Promise<string> {
  const [name] = await jsm.streams.names(subject).next();
  if (name !== undefined) return name;
  const how = `nats stream add ${streamName(subject)} --subjects "${subject}"`;
  throw new TopicMissing(`No stream takes the subject ${subject}. Make one, for example: ${how}`);
}

/** The name of the stream that Tripgrid makes for a subject. */
export const streamName = (subject: string) => subject.replaceAll(/[^A-Za-z0-9_-]/g, "_");
