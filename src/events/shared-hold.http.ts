import type { Hold, Room } from "../kit/room.ts";

/** Room for bytes that wait in several connections but are in memory once. */
export interface SharedHold {
  /** True if there is room for the bytes. Each successful call needs a `giveBack`. */
  take(bytes: Uint8Array): boolean;
  giveBack(bytes: Uint8Array): void;
}

export function createSharedHold(room: Room): SharedHold {
  const waiting = new Map<Uint8Array, { hold: Hold; count: number }>();
  return {
    take: (bytes) => {
      const one = waiting.get(bytes) ?? { hold: room.hold("events"), count: 0 };
      if (one.count === 0 && !one.hold.tryTake(bytes.length)) return false;
      one.count++;
      waiting.set(bytes, one);
      return true;
    },
    giveBack: (bytes) => {
      const one = waiting.get(bytes);
      if (!one || --one.count > 0) return;
      one.hold.release();
      waiting.delete(bytes);
    },
  };
}
