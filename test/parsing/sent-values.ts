import fc from "fast-check";
import { BUILT_IN } from "../../src/mappings/built-in.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";

/** One that has what the built-in ones have not: dropped columns, attributes by name, constants, several time formats. */
const other = mappingFrom("other", {
  columns: {
    when: "started_at",
    until: "ended_at",
    place: { to: "origin", form: "lat_lon" },
    ref: { to: "trip_id", type: "text" },
    note: { to: "attributes.remark", type: "text" },
    price: { to: "attributes.price", type: "number" },
    secret: "drop",
    long: "distance_m",
  },
  constants: { source: "s", region: "r" },
  time_formats: ["D/M/YYYY H:MM[:SS]", "iso"],
  other_columns: "drop",
});
/** The first ones read single columns only, as the plain reader does. */
const MAPPINGS = [...BUILT_IN.slice(0, 3), other];

const text = fc.constantFrom(
  ...["", "", "a", "turin-1", " ", ".", "..", "x\0", "\ud800", "x".repeat(201), "é", "__proto__", "POINT (7.67 44.99)"],
  ...[
    "POINT (7 131)",
    "45.07, 7.68",
    "5",
    "-1",
    "7.672837",
    "44.99",
    "131",
    "181",
    "1e999",
    "448.0",
    "0x10",
    " 5 ",
    "9".repeat(20),
  ],
  ...[
    "2018-05-21T02:54:04",
    "2018-05-21 02:54:04",
    "2018-05-21T02:54:04.5+02:00",
    "2018-02-30T00:00:00",
    "1999-12-31T23:59:59",
    "2000-01-01T00:00:00",
    "2027-01-01T23:59:59",
    "2027-01-02T00:00:00",
  ],
  ...[
    "5/21/2018 2:54",
    "21/5/2018 2:54:04",
    "1970-01-01T00:00:00",
    "9999-01-01T00:00:00",
    '{"a":1}',
    '{"__proto__":2}',
    "{",
  ],
);
const value = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    -0,
    5,
    -1,
    7.5,
    131,
    1.5,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    true,
    [7.67, 44.99],
  ),
  fc.constantFrom<unknown>(
    [7.67, 131],
    { lon: 7, lat: 44 },
    { type: "Point", coordinates: [7, 44] },
    { a: ["\0"] },
    [],
    { b: 1 },
  ),
);
/** Cells of each mapping that make a trip. */
const GOOD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  native: { source: "s", started_at: "2018-05-21T02:54:04", origin_lon: "7.67", origin_lat: "44.99" },
  "trips-csv": { datasource: "s", datetime: "2018-05-21 02:54:04", origin_coord: "POINT (7.67 44.99)" },
  xrides: { from_date: "5/21/2018 2:54", from_lat: "44.99", from_long: "7.67" },
  other: { when: "21/5/2018 2:54:04", place: "44.99, 7.67" },
};
const goodOf = ({ name }: Mapping, fromCsv: boolean): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(GOOD[name] ?? {}).map(([column, cell]) => [
      column,
      fromCsv || Number.isNaN(Number(cell)) ? cell : Number(cell),
    ]),
  );

/** The columns of a mapping that it needs, some others, and some that it does not know. */
const header = (one: Mapping) => {
  const known = fc.constantFrom(...Object.keys(one.columns));
  const column = fc.oneof({ weight: 9, arbitrary: known }, fc.constantFrom("x", "y\0", "__proto__", "toString"));
  return fc
    .uniqueArray(column, { maxLength: 10 })
    .chain((more) =>
      fc.shuffledSubarray([...new Set([...Object.keys(GOOD[one.name] ?? {}), ...more])], { minLength: 2 }),
    );
};
/** Values for a header: mostly those that make a trip. */
const row = (one: Mapping, columns: readonly string[], fromCsv: boolean) => {
  const good = goodOf(one, fromCsv);
  const drawn = (column: string): fc.Arbitrary<unknown> => {
    const any = fromCsv ? text : value;
    return Object.hasOwn(good, column) ? fc.oneof({ weight: 12, arbitrary: fc.constant(good[column]) }, any) : any;
  };
  return fc.tuple(...columns.map(drawn));
};
/** Rows of some mapping: mostly such as make trips, with every kind of fault among them. */
export const table = (fromCsv: boolean) =>
  fc.constantFrom(...MAPPINGS).chain((one) =>
    header(one).chain((columns) =>
      fc.record({
        one: fc.constant(one),
        columns: fc.constant(columns),
        rows: fc.array(row(one, columns, fromCsv), { maxLength: 6 }),
      }),
    ),
  );
