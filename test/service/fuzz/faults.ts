import fc from "fast-check";

/** What may happen to bytes on their way. */
interface Fault {
  kind: "cut" | "overwrite" | "insert" | "double" | "swap";
  /** Where, as a share of the whole. */
  at: number;
  with: Buffer;
}

/** Bytes that were changed on their way: cut off, written over, doubled, or with something in between. */
export const faults: fc.Arbitrary<Fault[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("cut", "overwrite", "insert", "double", "swap"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    with: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('"', ",", "\n", "\r", "{", "]", "\0", "\uFEFF", "1e999", "-", "\\u", "\\ud800", "\t")
        .map((text) => Buffer.from(text)),
    ),
  }),
  { maxLength: 3 },
);

export function damaged(body: Buffer, all: readonly Fault[]): Buffer {
  let bytes = body;
  for (const { kind, at, with: other } of all) {
    const place = Math.floor(at * bytes.length);
    const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
    if (kind === "cut") bytes = before;
    else if (kind === "insert") bytes = Buffer.concat([before, other, after]);
    else if (kind === "overwrite") bytes = Buffer.concat([before, other, after.subarray(other.length)]);
    else if (kind === "double") bytes = Buffer.concat([bytes, after]);
    else bytes = Buffer.concat([after, before]);
  }
  return bytes;
}
