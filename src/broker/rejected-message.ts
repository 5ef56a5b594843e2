import type { Problem } from "../batches/receipt.ts";
import type { Message, Outgoing } from "../messaging/broker.ts";

/** The topic that gets the rejected messages of a topic. */
export const rejectedTopic = (topic: string): string => `${topic}.rejected`;

/** Characters of a header's value. Brokers bound the headers of a message. */
const MAX_VALUE = 500;

interface Rejected {
  message: Message;
  problems: readonly [Problem, ...Problem[]];
  batchId: string | undefined;
}

/**
 * Rejected messages as they go to `<topic>.rejected`: with their key, value and headers, and headers that tell where
 * they came from and why they were rejected. `tripgrid-id` is the same in every copy.
 */
export function rejectedMessages(
  { topic, partition }: { topic: string; partition: number },
  rejected: readonly Rejected[],
): Outgoing[] {
  return rejected.map(({ message, problems: [first, ...others], batchId }) => ({
    topic: rejectedTopic(topic),
    key: message.key === undefined ? undefined : storedText(Buffer.from(message.key).toString("utf8")),
    value: message.value ?? new Uint8Array(),
    headers: {
      ...storedHeaders(message.headers),
      "tripgrid-id": `${topic}/${partition}/${message.position}`,
      "tripgrid-topic": headerValue(topic),
      "tripgrid-partition": String(partition),
      "tripgrid-position": String(message.position),
      "tripgrid-reason": first.code,
      "tripgrid-field": headerValue(first.field),
      "tripgrid-detail": headerValue(first.detail),
      ...(others.length === 0 ? {} : { "tripgrid-more-faults": String(others.length) }),
      ...(batchId === undefined ? {} : { "tripgrid-batch": batchId }),
    },
  }));
}

/** The outbox keeps text, and the database has none with a NUL. A header may hold any bytes. */
const storedText = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");

const storedHeaders = (headers: Message["headers"]) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [storedText(name), storedText(value)]));

/** Printable ASCII: brokers differ in the other characters that a header may have. */
function headerValue(text: string): string {
  return text.slice(0, MAX_VALUE).replaceAll(/[^ -~]/g, "?");
}
