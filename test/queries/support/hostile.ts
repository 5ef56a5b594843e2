import fc from "fast-check";
import { questions } from "./questions.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever is sent.
type Any = any;

const NASTY = fc.constantFrom<Any>(
  ...[
    "'",
    "''; drop table tripgrid.trips; --",
    '"',
    "\\",
    "$1",
    "$" + "{x}",
    "%s",
    "\u0000",
    "\ud800",
    "x'::text",
    "1e999",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "attributes.",
    "attributes.__proto__",
    "attributes.\u0000",
    "-",
    "--",
    "*",
  ],
  ...[
    "trips",
    "k0",
    "m0",
    "n",
    "is_suppressed",
    "is_row",
    "place",
    "data_as_of",
    "tripgrid.trips",
    "pg_sleep(9)",
    "now()",
  ],
  ...[
    "origin",
    "o_cell",
    "local_time",
    "trip_id",
    "min_trips",
    "(select version())",
    "9999-W99",
    "2025-W01",
    "x".repeat(5000),
  ],
  ...[
    0,
    -0,
    -1,
    1.5,
    1e308,
    -1e308,
    5e-324,
    2 ** 53,
    100_000,
    Number.MAX_VALUE,
    true,
    false,
    null,
    [],
    {},
    [[]],
    [null],
  ],
  ...[
    { "=": null },
    { in: [] },
    { between: [] },
    { between: [5, 1] },
    { is_null: "x" },
    { $ne: 1 },
    { "=": { "=": 1 } },
  ],
  ...[{ bbox: [0, 0, 0, 0] }, { bbox: [-180, -90, 180, 90] }, { bbox: [180, -1, -180, 1] }, { boundary: "Nobody" }],
  ...[{ area: 5 }, { area: { type: "Polygon", coordinates: [] } }, { area: { type: "Point", coordinates: [1, 2] } }],
  {
    area: {
      type: "Polygon",
      coordinates: [
        [
          [0, 0],
          [2, 2],
          [2, 0],
          [0, 2],
          [0, 0],
        ],
      ],
    },
  },
  { area: { type: "GeometryCollection", geometries: [{ type: "Polygon", coordinates: [[[1e300, 0]]] }] } },
);

/** The same with one of its values, or of its names, made into another. */
function changed(value: Any, steps: number[], by: Any, isName: boolean): Any {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0 || steps.length === 0) {
    return by;
  }
  const keys = Object.keys(value);
  const [step = 0, ...rest] = steps;
  const at = keys[step % keys.length] as string;
  if (Array.isArray(value)) {
    return value.map((one, i) => (String(i) === at ? changed(one, rest, by, isName) : one));
  }
  const entries = Object.entries(value).map(([key, one]) => {
    if (key !== at) return [key, one];
    if (isName && rest.length === 0 && typeof by === "string") return [by, one];
    return [key, changed(one, rest, by, isName)];
  });
  // As JSON has it: a member __proto__ is one like any other.
  return Object.fromEntries(entries);
}

const changes = fc.record({
  steps: fc.array(fc.nat(20), { maxLength: 6 }),
  by: fc.oneof({ weight: 5, arbitrary: NASTY }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) }),
  isName: fc.boolean(),
});
const mutants = fc
  .tuple(questions, fc.array(changes, { minLength: 1, maxLength: 3 }))
  .map(([query, all]) => all.reduce<Any>((one, { steps, by, isName }) => changed(one, steps, by, isName), query));
/** Texts and numbers of all kinds where the language takes them. */
const texts = NASTY.filter((one) => typeof one === "string" && one.length < 150);
const numbers = NASTY.filter((one) => typeof one === "number" && Number.isFinite(one));
const cunning = fc
  .record({
    text: texts,
    name: texts.map((one) => `attributes.${one}`),
    as: fc.constantFrom("k0", "m0", "trips_", "is_row", "page", "__proto__", "constructor", "c0", "place"),
    number: numbers,
    huge: fc.constantFrom("attributes.huge", "attributes.fare", "duration_s", "distance_m"),
    key: fc.constantFrom("region", "source", "driver", "rider", "vehicle_model"),
    limit: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ text, name, as, number, huge, key, limit }) => ({
    select: [
      "trips",
      { sum: huge, as },
      { avg: huge },
      { percentile: name, p: 0.5, as: "p" },
      { max: huge, as: "most" },
    ],
    by: [name, { column: key, as: "b" }],
    where: {
      or: [{ [key]: text }, { [name]: text }, { not: { [name]: { in: [text] } } }, { [huge]: { ">=": number } }],
      not: { [key]: { between: [text, text] }, [name]: number },
    },
    having: { or: [{ [as]: { "<": number } }, { not: { trips: number } }, { p: { is_null: true } }] },
    order: [as, "-b", name],
    limit,
  }));
const names = fc.constantFrom("select", "by", "where", "having", "order", "limit", "explain", "sql", "__proto__");

/** Bodies by somebody who wants to know more than he may, or to break something. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: mutants.map((body) => JSON.stringify(body) ?? "") },
  { weight: 4, arbitrary: cunning.map((body) => JSON.stringify(body)) },
  { weight: 2, arbitrary: questions.map((body) => JSON.stringify(body)) },
  { weight: 2, arbitrary: fc.dictionary(names, NASTY).map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["", "{", "[]", "null", `{"where":${'{"not":'.repeat(3000)}{"hour":1}${"}".repeat(3000)}}`],
      `{"limit":1e999}`,
      `{"where":{"hour":{"in":[${"1,".repeat(5000)}1]}}}`,
      `{"by":[${'"hour",'.repeat(500)}"hour"]}`,
      `{"select":[{"sum":"attributes.huge"},{"avg":"attributes.huge"},{"percentile":"attributes.huge","p":0.3}]}`,
      `{"where":{"attributes.huge":{">":1e308}},"by":["attributes.huge"]}`,
    ),
  },
);
