import type { LimitFunction } from "p-limit";
import type { RejectLimits } from "../batches/batch.ts";
import type { TopicSource } from "../batches/receipt.ts";
import { messageRow } from "../broker/message-row.ts";
import type { Subject } from "../broker/store-stretch.db.ts";
import type { Hold, Room } from "../kit/room.ts";
import type { Message } from "../messaging/broker.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { bytesOfRows } from "../parsing/row-room.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";
import type { TimeRange } from "../time/time.ts";
import { type DetectionBatch, detectionBatch } from "./detection-batch.ts";
import { derivedId } from "./detection-id.ts";
import { insertDetectionBatch } from "./store-detections.db.ts";

export interface TopicDetectionsDeps {
  topic: string;
  store: Store;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  range: () => TimeRange;
  limits: RowLimits;
  rejectLimits: RejectLimits;
  room: Room;
  onStored: () => void;
}

interface Rows {
  batch: DetectionBatch;
  messages: readonly Message[];
  hold: Hold;
}

/**
 * Detections that come by a topic. They get the checks of `POST /v1/detections`, by the same code. A stretch becomes a
 * batch with a receipt. A message without an id gets one from its place in the topic and its time or content, and one
 * without a time was seen when it was sent, so the same message gives the same detection.
 */
export function topicDetections(deps: TopicDetectionsDeps): Subject<Rows> {
  const { topic, store, bulk, range, limits, rejectLimits, room, onStored } = deps;
  return {
    topic,
    parse: async ({ messages }, { partition }) => {
      const hold = room.hold("rows");
      try {
        await hold.wait(messages.reduce((sum, { value }) => sum + bytesOfRows(value ?? new Uint8Array()), 0));
        const rows = messages.map((message, i) => messageRow(i + 1, message, limits));
        const [first, last] = [messages[0]?.position ?? 0, messages.at(-1)?.position ?? 0];
        const source: TopicSource = { topic, partition, first_position: first, last_position: last };
        const batch = await detectionBatch(rows, {
          ...{ form: "ndjson", limits, range: range() },
          idOf: (row, isTimed) => {
            const { position, sentAt, value = "" } = messages[row - 1] as Message;
            // A topic that was made anew has other messages at the same positions.
            const own = isTimed ? Buffer.from(value).toString("latin1") : sentAt;
            return derivedId(["topic", topic, partition, position, own]);
          },
          arrivedAt: (row) => new Date(messages[row - 1]?.sentAt ?? Date.now()).toISOString(),
          about: { columns: undefined, withVerdicts: false, idempotency: undefined, owner: undefined, source },
        });
        return { batch, messages, hold };
      } catch (error) {
        hold.release();
        throw error;
      }
    },
    inTransaction: async (rows, write) => {
      try {
        return await bulk(() => inTransaction(store, [], write));
      } finally {
        rows.hold.release();
      }
    },
    store: async (tx, { batch, messages }) => {
      if (messages.length > 0) await insertDetectionBatch(tx, store, batch, rejectLimits);
      const { batchId } = batch;
      return {
        rejected: batch.rejected.flatMap(({ row, problems }) => {
          const message = messages[row - 1];
          return message ? [{ message, problems, batchId }] : [];
        }),
      };
    },
    onStored,
  };
}
