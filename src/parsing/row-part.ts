import { isBlank, JsonScanner } from "./json-scanner.ts";
import type { SentRow } from "./sent-row.ts";

/** Rows that were read together. */
export interface RowPart {
  rows: SentRow[];
  /** The end of the last row in the payload. */
  end: number;
  /** Returns the end of each row. The ends are computed on demand, because most blocks do not end here. */
  ends: () => number[];
}

const COMMA = 0x2c;

/** Collects rows, and the data needed to compute the end of each. */
export class Found {
  readonly rows: SentRow[] = [];
  readonly #ends: (number | Many)[] = [];

  add(end: number): void {
    this.#ends.push(end);
  }

  addMany(many: Many): void {
    this.#ends.push(many);
  }

  part(): RowPart {
    const some = this.#ends;
    const last = some.at(-1);
    return {
      rows: this.rows,
      end: typeof last === "object" ? last.end : (last ?? 0),
      ends: () => some.flatMap((one) => (typeof one === "number" ? [one] : endsOf(one))),
    };
  }
}

/** Members that were parsed together. */
interface Many {
  bytes: Buffer;
  at: number;
  count: number;
  /** Where the bytes begin in the payload, and where the last member ends in it. */
  base: number;
  end: number;
}

function endsOf({ bytes, at, count, base }: Many): number[] {
  const ends: number[] = [];
  for (let from = at; ends.length < count; ) {
    while (isBlank(bytes[from]) || bytes[from] === COMMA) from++;
    from = new JsonScanner().scan(bytes, from);
    ends.push(base + from);
  }
  return ends;
}
