import { nextTurn } from "./next-turn.ts";

/** The longest time that the event loop is kept from other requests. */
const SLICE_MS = 8;

let lastTurn = performance.now();
let isWatched = false;

/**
 * Lets other requests run if this turn of the event loop has already taken long. Long work calls it between steps of a
 * few milliseconds each.
 */
export async function breathe(): Promise<void> {
  if (!isWatched) {
    isWatched = true;
    lastTurn = performance.now();
    setImmediate(() => {
      isWatched = false;
    });
  } else if (performance.now() - lastTurn > SLICE_MS) {
    await nextTurn();
  }
}
