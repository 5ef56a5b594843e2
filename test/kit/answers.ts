import type { AnswerDeps } from "../../src/kit/answer.http.ts";
import { createRoom, SHARES } from "../../src/kit/room.ts";

/** What answers are written with, in a room of so many bytes for answers. */
export function answerDeps(bytes = 64 * 1024 * 1024, more: Partial<AnswerDeps> = {}) {
  const room = createRoom(bytes / SHARES.answers);
  const errors: unknown[] = [];
  const logError = (error: unknown) => void errors.push(error);
  return { answers: { room, minBytesPerS: 1024, maxAheadBytes: bytes / 2, logError, ...more }, errors };
}
