import type { Message, Stretch } from "./broker.ts";

/** Messages in one transaction. The chunks of files have as many rows. */
export const MESSAGES_A_CHUNK = 5000;
/** Bytes of the values in one transaction, unless one message has more. */
export const BYTES_A_CHUNK = 2 * 1024 * 1024;

/**
 * Cuts a stretch into shorter ones that follow each other without a gap. A client may get many times more at once than
 * it asked for.
 */
export function cutStretch(stretch: Stretch, maxMessages = MESSAGES_A_CHUNK, maxBytes = BYTES_A_CHUNK): Stretch[] {
  const parts: Stretch[] = [];
  let { from } = stretch;
  let messages: Message[] = [];
  let bytes = 0;
  for (const message of stretch.messages) {
    const size = message.value?.length ?? 0;
    if (messages.length > 0 && (messages.length >= maxMessages || bytes + size > maxBytes)) {
      parts.push({ from, next: message.position, messages });
      from = message.position;
      messages = [];
      bytes = 0;
    }
    messages.push(message);
    bytes += size;
  }
  parts.push({ from, next: stretch.next, messages });
  return parts;
}
