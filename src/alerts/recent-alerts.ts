import type { Hold, Room } from "../kit/room.ts";
import type { NumberedAlert } from "./alert.ts";

/** The maximum size of the kept alerts. A follower that is further behind gets pages. */
const MAX_BYTES = 2 * 1024 * 1024;

interface Slice {
  /** The alert before its first one. */
  after: number;
  last: number;
  alerts: readonly NumberedAlert[];
  hold: Hold;
}

/** The alerts found last, held once for all followers. If space runs out, the oldest are dropped. */
export class RecentAlerts {
  readonly #room: Room;
  readonly #slices: Slice[] = [];
  #high: number;
  #bytes = 0;

  constructor(high: number, room: Room) {
    this.#high = high;
    this.#room = room;
  }

  /** The highest number that was found. */
  get high(): number {
    return this.#high;
  }

  /** All alerts after this one are here. */
  get low(): number {
    return this.#slices[0]?.after ?? this.#high;
  }

  /** The next alerts after a number. Followers at the same place get the same array. Undefined: there are none, or they were dropped. */
  after(number: number): readonly NumberedAlert[] | undefined {
    const slice = number < this.low ? undefined : this.#slices.find(({ last }) => last > number);
    return slice && slice.after < number ? slice.alerts.filter((one) => one.number > number) : slice?.alerts;
  }

  /** Adds the alerts after `high`, lowest number first. */
  add(alerts: readonly NumberedAlert[]): void {
    const last = alerts.at(-1)?.number;
    if (last === undefined) return;
    const bytes = alerts.reduce((sum, { alert }) => sum + JSON.stringify(alert).length + 100, 0);
    const hold = this.#room.hold("events");
    while (this.#slices.length > 0 && this.#bytes + bytes > MAX_BYTES) this.#drop();
    while (!hold.tryTake(bytes) && this.#slices.length > 0) this.#drop();
    this.#slices.push({ after: this.#high, last, alerts, hold });
    this.#bytes += bytes;
    this.#high = last;
  }

  close(): void {
    while (this.#slices.length > 0) this.#drop();
  }

  #drop(): void {
    const oldest = this.#slices.shift();
    this.#bytes -= oldest?.hold.bytes ?? 0;
    oldest?.hold.release();
  }
}
