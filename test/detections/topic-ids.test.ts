import { expect, test } from "vitest";
import { topicDetections } from "../../src/detections/topic-detections.db.ts";
import type { Message } from "../../src/messaging/broker.ts";
import { seen } from "./send-detections.ts";

const SENT = Date.UTC(2025, 2, 5, 7);
const hold = { wait: async () => {}, release: () => {} };
const { parse } = topicDetections({
  ...{ topic: "t", range: () => ({ min: "1900-01-01", max: "2100-01-01" }), room: { hold: () => hold } },
  limits: { maxRowBytes: 1000, maxColumns: 100 },
} as unknown as Parameters<typeof topicDetections>[0]);

async function idAt(position: number, value: object, sentAt = SENT): Promise<string | undefined> {
  const message: Message = { position, key: undefined, value: Buffer.from(JSON.stringify(value)), headers: {}, sentAt };
  const { batch } = await parse(
    { from: position, next: position + 1, messages: [message] },
    { topic: "t", partition: 0 },
  );
  return batch.detections[0]?.detection.id;
}

test("a message that is read again gets the same id, and one of a topic that was made anew another", async () => {
  const timed = { seen_at: "2025-03-05T07:00:00Z" };
  const first = await idAt(1, seen());
  const firstTimed = await idAt(1, seen(timed));
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idAt(1, seen())).toBe(first);
  // A broker that knows no time of a message gives another one with each reading.
  expect(await idAt(1, seen(timed), SENT + 1)).toBe(firstTimed);
  expect(await idAt(1, seen(), SENT + 1)).not.toBe(first);
  expect(await idAt(1, seen({ ...timed, Make: "Fiat" }))).not.toBe(firstTimed);
  expect(await idAt(2, seen())).not.toBe(first);
});
