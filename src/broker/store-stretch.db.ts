import type { Problem } from "../batches/receipt.ts";
import type { Transaction } from "../database/client.ts";
import type { Message, Stretch } from "../messaging/broker.ts";
import { addOutgoing } from "./outbox.db.ts";
import { type Claim, movePosition, type PartitionId } from "./positions.db.ts";
import { rejectedMessages } from "./rejected-message.ts";

/** A message that a subject does not store, with all its faults. */
export interface RejectedMessage {
  message: Message;
  problems: readonly [Problem, ...Problem[]];
  /** The batch that holds it as a rejected row. */
  batchId: string | undefined;
}

/**
 * What becomes of the messages of a topic: trips, detections. The consumer calls `parse`, then `inTransaction`, and
 * inside it `store`. All of them may be called again for the same messages after a failure.
 *
 * Messages that `store` gives back as rejected go to the topic `<topic>.rejected`, in the same transaction.
 */
export interface Subject<Rows = unknown> {
  topic: string;
  /**
   * Makes rows of messages, outside the transaction. A message that is not a row is no error: it becomes a rejected one.
   * So does a message with a `fault`.
   *
   * @throws an error only for a passing condition or a wrong setting; the partition is then paused and tried again
   */
  parse(stretch: Stretch, from: PartitionId): Promise<Rows>;
  /** Runs `write` in a transaction that is fit for these rows, and commits it. It may run `write` several times. */
  inTransaction<T>(rows: Rows, write: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Stores the rows. It must not commit by itself.
   *
   * @returns the rejected messages, also those that only the database could reject
   */
  store(tx: Transaction, rows: Rows): Promise<{ rejected: readonly RejectedMessage[] }>;
  /** Called after the commit. */
  onStored?(): void;
}

/** The result of one stored stretch. */
export interface StoredStretch {
  /** The claim with the moved position. */
  claim: Claim;
  rejected: number;
}

/**
 * Stores the messages of a stretch, its position and its rejected messages in one transaction. Each message is stored
 * once in effect: if another process stored the stretch, or some of it, this stores nothing and throws.
 *
 * @throws Fenced if the partition was taken over, or its position was moved
 */
export async function storeStretch<Rows>(
  subject: Subject<Rows>,
  claim: Claim,
  stretch: Stretch,
  logId: string | undefined,
): Promise<StoredStretch> {
  const { topic, partition } = claim;
  const rows = await subject.parse(stretch, { topic, partition });
  const rejected = await subject.inTransaction(rows, async (tx) => {
    // First, so that a former owner neither writes in vain nor waits for the locks of trips.
    await movePosition(tx, claim, { position: stretch.next, logId, sentAt: stretch.messages.at(-1)?.sentAt });
    const outcome = await subject.store(tx, rows);
    await addOutgoing(tx, rejectedMessages(claim, outcome.rejected));
    return outcome.rejected.length;
  });
  subject.onStored?.();
  return { claim: { ...claim, position: stretch.next, logId }, rejected };
}
