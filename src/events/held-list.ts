import type { Hold, Room } from "../kit/room.ts";

/**
 * What was found last, held once for all followers. If space runs out, the oldest are dropped, even if a follower lacks
 * them.
 */
export class HeldList<T extends { bytes: number }> {
  readonly #room: Room;
  readonly #maxBytes: number;
  readonly #held: { item: T; hold: Hold }[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(room: Room, maxBytes: number) {
    this.#room = room;
    this.#maxBytes = maxBytes;
  }

  /** How many were dropped; the number of the oldest that is left, if they are numbered from 0. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Those that are left from this number on, the oldest first. */
  from(number: number): T[] {
    return this.#held.slice(Math.max(0, number - this.#dropped)).map(({ item }) => item);
  }

  /** The oldest one that passes a test. */
  find(passes: (item: T) => boolean): T | undefined {
    return this.#held.find(({ item }) => passes(item))?.item;
  }

  /** The one with this number. Undefined: it was not added yet, or dropped. */
  at(number: number): T | undefined {
    return this.#held[number - this.#dropped]?.item;
  }

  /** The number of the next one. */
  get end(): number {
    return this.#dropped + this.#held.length;
  }

  add(item: T): void {
    const hold = this.#room.hold("events");
    while (this.#held.length > 0 && this.#bytes + item.bytes > this.#maxBytes) this.#drop();
    while (!hold.tryTake(item.bytes) && this.#held.length > 0) this.#drop();
    this.#held.push({ item, hold });
    this.#bytes += item.bytes;
  }

  clear(): void {
    while (this.#held.length > 0) this.#drop();
  }

  #drop(): void {
    const oldest = this.#held.shift();
    this.#bytes -= oldest?.item.bytes ?? 0;
    this.#dropped++;
    oldest?.hold.release();
  }
}
