import { nextTurn } from "../kit/next-turn.ts";

/** Work that takes longer gives way, so the event loop never stands still for more than about 20 ms. */
const SLICE_MS = 8;

/** Tells long work when to give way: `if (turns.isOver()) await turns.next()`. */
export interface Turns {
  isOver(): boolean;
  next(): Promise<void>;
}

export function createTurns(): Turns {
  let began = performance.now();
  return {
    isOver: () => performance.now() - began >= SLICE_MS,
    next: async () => {
      await nextTurn();
      began = performance.now();
    },
  };
}
