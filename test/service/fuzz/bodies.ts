import fc from "fast-check";
import { damaged, faults } from "./faults.ts";

/** What may stand where something else is expected. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    " ",
    0,
    -0,
    -1,
    1e308,
    5e-324,
    2 ** 53 + 2,
    [],
    {},
    "NaN",
    "Infinity",
    "null",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "\0",
    "\u2028",
    "\uFEFF",
    "\uD800",
    "a\u0000b",
    "💥".repeat(60),
    "x".repeat(201),
    "__proto__",
    "constructor",
  ),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);
const orOdd = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd });
const often = <T>(weight: number, usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare });

const time = often(
  8,
  fc.constantFrom("2018-05-21T08:00:00", "2018-05-21 08:00", "2018-05-21T08:00:00.123456+05:30", "2018-05-21T08:00Z"),
  fc.oneof(
    fc.constantFrom("2018-02-30T08:00:00", "2018-05-21T25:00:00", "1999-12-31T23:59:59", "9999-01-01T00:00:00", "now"),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  ),
);
const degrees = (most: number) =>
  often(
    20,
    fc.double({ min: -most, max: most, noNaN: true }),
    fc.constantFrom(180, -180, 90.0000001, 1e300, -0, 5e-324, Number.NaN),
  );
const position = fc.tuple(degrees(180), degrees(90));
const point = fc.oneof(
  position,
  position.map(([lon, lat]) => ({ lon, lat })),
  position.map((coordinates) => ({ type: "Point", coordinates })),
  position.map(([lon, lat]) => `POINT (${lon} ${lat})`),
);

const row = fc.record(
  {
    source: orOdd(fc.constantFrom("fuzz", "fuzz 2")),
    started_at: orOdd(time),
    origin: orOdd(point),
    trip_id: orOdd(fc.constantFrom("a", "b", "c", "d")),
    destination: orOdd(point),
    ended_at: orOdd(time),
    region: orOdd(fc.constantFrom("Turin", "Nowhere")),
    duration_s: orOdd(fc.double({ min: 0, max: 1e6 })),
    driver_id: orOdd(fc.string({ unit: "grapheme", maxLength: 12 })),
    attributes: orOdd(fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })),
  },
  { requiredKeys: ["source", "started_at", "origin"] },
);
const few = fc.array(row, { maxLength: 12 });
/** So many that they are copied and not inserted: each row again and again, as trips of their own. */
const many = fc
  .tuple(fc.array(row, { minLength: 1, maxLength: 5 }), fc.uuid())
  .map(([all, name]) => Array.from({ length: 260 }, (_, i) => ({ ...all[i % all.length], trip_id: `${name}/${i}` })));
const rows = fc.oneof({ weight: 8, arbitrary: few }, { weight: 1, arbitrary: many });

const cell = (value: unknown) => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
function csv(all: Record<string, unknown>[], end: string): string {
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))];
  return [names, ...all.map((one) => names.map((name) => one[name] ?? ""))]
    .map((cells) => cells.map(cell).join(","))
    .join(end);
}

const deep = fc
  .tuple(fc.constantFrom("[", '{"a":', '[{"attributes":'), fc.integer({ min: 1, max: 20_000 }))
  .map(([opening, times]) => opening.repeat(times));

/** A text, and what it is. */
const [JSON_TYPE, NDJSON_TYPE, CSV_TYPE] = ["application/json", "application/x-ndjson", "text/csv"];
const as = (type: string) => (text: string) => ({ type, text });
const written = fc.oneof(
  { weight: 4, arbitrary: rows.map((all) => JSON.stringify(all)).map(as(JSON_TYPE)) },
  { weight: 1, arbitrary: row.map((one) => JSON.stringify(one)).map(as(JSON_TYPE)) },
  { weight: 3, arbitrary: rows.map((all) => all.map((one) => JSON.stringify(one)).join("\n")).map(as(NDJSON_TYPE)) },
  {
    weight: 4,
    arbitrary: fc.tuple(rows, fc.constantFrom("\n", "\r\n", "\r")).map(([all, end]) => as(CSV_TYPE)(csv(all, end))),
  },
  { weight: 1, arbitrary: deep.map(as(JSON_TYPE)) },
  { weight: 1, arbitrary: fc.json().map(as(NDJSON_TYPE)) },
);

export interface FuzzedBody {
  /** What it once was. */
  type: string;
  bytes: Buffer;
}

/** Bodies from right to hopeless. */
export const bodies: fc.Arbitrary<FuzzedBody> = fc.oneof(
  { weight: 4, arbitrary: written.map(({ type, text }) => ({ type, bytes: Buffer.from(text) })) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(written, faults)
      .map(([{ type, text }, all]) => ({ type, bytes: damaged(Buffer.from(text), all) })),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ type: "", bytes: Buffer.from(bytes) })) },
);
