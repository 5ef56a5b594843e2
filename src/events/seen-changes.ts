import type { FoundChanges, NumberRange, Snapshot, StartOfChanges } from "./batch-changes.ts";

/** Much longer than a transaction takes between drawing a number and appearing in snapshots. */
const GAP_MS = 30_000;
/**
 * The maximum number of gaps. Each look searches them all. A transaction left open keeps them all; beyond this number,
 * the oldest are given up.
 */
const MAX_GAPS = 5000;

interface Gap extends NumberRange {
  noticedAt: number;
  /** Once all transactions before this one have ended, nothing can appear in the gap any more. */
  xmax: number;
}

/**
 * The seen changes. Numbers are drawn before the commit, so a lower one can become visible after a higher one: the
 * missing numbers below the highest are gaps, which are searched again. Most gaps never fill: their number belonged to
 * a batch that has changed again, or to a transaction that was rolled back.
 */
export class SeenChanges {
  #high: number;
  /** Lowest first. */
  #gaps: Gap[];
  readonly #now: () => number;

  constructor(start: StartOfChanges, now: () => number = Date.now) {
    this.#high = start.high;
    this.#now = now;
    this.#gaps = start.gaps.map((range) => this.#gap(range, start.snapshot)).slice(-MAX_GAPS);
  }

  /** The highest number seen. */
  get high(): number {
    return this.#high;
  }

  /** The number up to which nothing is missing. */
  get low(): number {
    const [lowest] = this.#gaps;
    return lowest ? lowest.from - 1 : this.#high;
  }

  get gaps(): readonly NumberRange[] {
    return this.#gaps;
  }

  /** Records the changes that a look for `gaps` and for all numbers after `high` found. */
  add({ changes, isFull, snapshot }: FoundChanges): void {
    for (const { change_id } of changes) {
      if (change_id > this.#high) {
        if (change_id > this.#high + 1) {
          this.#gaps.push(this.#gap({ from: this.#high + 1, to: change_id - 1 }, snapshot));
        }
        this.#high = change_id;
      } else this.#fill(change_id);
    }
    this.#gaps = this.#gaps.slice(-MAX_GAPS);
    // The gaps may hold more changes than this look has found.
    if (isFull) return;
    const old = this.#now() - GAP_MS;
    this.#gaps = this.#gaps.filter((gap) => gap.noticedAt > old || gap.xmax > snapshot.xmin);
  }

  #gap(range: NumberRange, { xmax }: Snapshot): Gap {
    return { ...range, noticedAt: this.#now(), xmax };
  }

  #fill(changeId: number): void {
    const at = this.#gaps.findIndex(({ from, to }) => from <= changeId && changeId <= to);
    const gap = this.#gaps[at];
    if (!gap) return;
    const rest = [
      { ...gap, to: changeId - 1 },
      { ...gap, from: changeId + 1 },
    ].filter(({ from, to }) => from <= to);
    this.#gaps.splice(at, 1, ...rest);
  }
}
