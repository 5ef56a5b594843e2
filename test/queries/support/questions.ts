import fc from "fast-check";

// biome-ignore lint/suspicious/noExplicitAny: queries come in their public form, whatever is in it.
type Any = any;

const COLUMNS = [
  "week",
  "week_start",
  "day",
  "hour",
  "weekday",
  "region",
  "source",
  "driver",
  "rider",
  "vehicle_model",
];
const ATTRIBUTES = ["attributes.fare", "attributes.weather", 'attributes.it\'s "odd"', "attributes.none"];
const NUMBERS = ["duration_s", "distance_m", "great_circle_m", "attributes.fare", "attributes.weather"];
/** What the rollups have, so that they are asked often enough. */
const ROLLED = ["week", "week_start", "day", "hour", "weekday", "region", "source"];
const CELLS = ["u", "u0", "u0j2", "u0j2q", "u0j8", "u0nd", "ruz", "u0j2r7", "u0j2w1z"];
const OPS = ["=", "!=", "<", "<=", ">", ">="];

const values: Record<string, fc.Arbitrary<Any>> = {
  week: fc.constantFrom("2024-W51", "2024-W52", "2025-W01", "2025-W02", "2025-W03", "2024-W01"),
  week_start: fc.constantFrom("2024-12-16", "2024-12-23", "2024-12-30", "2025-01-01", "2025-01-13"),
  day: fc.constantFrom("2024-12-16", "2024-12-24", "2024-12-31", "2025-01-01", "2025-01-19", "2025-01-12"),
  hour: fc.integer({ min: 0, max: 23 }),
  weekday: fc.integer({ min: 1, max: 7 }),
  region: fc.constantFrom("Turin", "Milan", "Zürich", "Nowhere", "M"),
  source: fc.constantFrom("a", "b", "B"),
  driver: fc.constantFrom("d1", "d3", "-d4", "D5", "x' or '1'='1"),
  rider: fc.constantFrom("r1", "r2"),
  vehicle_model: fc.constantFrom("m1", "m2"),
  duration_s: fc.integer({ min: -1, max: 3600 }),
  distance_m: fc.integer({ min: 0, max: 40_000 }).map((n) => n / 2),
  great_circle_m: fc.integer({ min: 0, max: 15_000 }).map((n) => n + 0.37),
};

const operand = (value: fc.Arbitrary<Any>) =>
  fc.oneof(
    { weight: 3, arbitrary: value },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...OPS), value).map(([op, one]) => ({ [op]: one })) },
    { weight: 2, arbitrary: fc.array(value, { minLength: 1, maxLength: 3 }).map((all) => ({ in: all })) },
    { weight: 1, arbitrary: fc.tuple(value, value).map((between) => ({ between })) },
    { weight: 1, arbitrary: fc.tuple(value, value).map(([low, high]) => ({ ">=": low, "<": high })) },
    { weight: 1, arbitrary: fc.boolean().map((is_null) => ({ is_null })) },
  );
const cells = fc.constantFrom(...CELLS);
const cellTest = fc.oneof(
  cells,
  cells.map((one) => ({ "!=": one })),
  fc.uniqueArray(cells, { minLength: 1, maxLength: 3 }).map((all) => ({ in: all })),
  fc.boolean().map((is_null) => ({ is_null })),
);
const attributeTest = fc.oneof(
  operand(fc.integer({ min: -4, max: 200 }).map((n) => n / 4)),
  operand(fc.constantFrom("rain", "sun", "", "7", "true", "12")),
  fc.boolean(),
  fc.boolean().map((one) => ({ "!=": one })),
);

const tests = (names: string[]): fc.Arbitrary<Any> =>
  fc.constantFrom(...names).chain((name) => {
    const test = name.endsWith("_cell")
      ? cellTest
      : name.startsWith("attributes.")
        ? attributeTest
        : operand(values[name] as fc.Arbitrary<Any>);
    return test.map((one) => ({ [name]: one }));
  });

const edge = (from: number, steps: number) =>
  fc.integer({ min: 0, max: steps }).map((n) => Number((from + n / 1000 + 0.00007).toFixed(5)));
const boxes = fc
  .tuple(edge(7.58, 130), edge(45.01, 90), fc.integer({ min: 5, max: 120 }), fc.integer({ min: 5, max: 80 }))
  .map(([west, south, w, h]) => [
    west,
    south,
    Number((west + w / 1000).toFixed(5)),
    Number((south + h / 1000).toFixed(5)),
  ]);
const triangles = fc.tuple(edge(7.5, 100), edge(45, 50), edge(7.65, 130), edge(45.06, 60)).map(([a, b, c, d]) => ({
  type: "Polygon",
  coordinates: [
    [
      [a, b],
      [c, b],
      [c, d],
      [a, b],
    ],
  ],
}));
const within = fc
  .tuple(
    fc.oneof(
      boxes.map((bbox) => ({ bbox })),
      fc.constant({ bbox: [179.90007, -18.00007, -179.90007, -16.00007] }),
      triangles.map((area) => ({ area })),
      fc.constant({ boundary: "Box" }),
    ),
    fc.constantFrom({}, ...["origin", "destination", "both", "either"].map((match) => ({ match }))),
  )
  .map(([area, match]) => ({ within: { ...area, ...match } }));
const days = fc.constantFrom("2024-12-16", "2024-12-20", "2024-12-30", "2025-01-05", "2025-01-12", "2025-01-13");
const windows = fc.tuple(days, days).chain(([a, b]) => {
  const [from, to] = a <= b ? [a, b] : [b, a];
  return fc.constantFrom({ from }, { to }, { from, to });
});

/** Two windows made one may end before they begin, which is refused. */
const inOrder = (where: Any) => (where.from > where.to ? { ...where, from: where.to, to: where.from } : where);

function conditions(leaf: fc.Arbitrary<Any>, depth: number): fc.Arbitrary<Any> {
  if (depth === 0) return leaf;
  const inner = conditions(leaf, depth - 1);
  const several = fc.array(inner, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: several.map((and) => ({ and })) },
    { weight: 2, arbitrary: several.map((or) => ({ or })) },
    { weight: 2, arbitrary: inner.map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.tuple(leaf, inner).map(([one, other]) => inOrder({ ...one, ...other })) },
  );
}

const measures = fc.oneof(
  fc.constant<Any>("trips"),
  fc
    .tuple(fc.constantFrom("sum", "avg", "min", "max"), fc.constantFrom(...NUMBERS))
    .map(([kind, of]) => ({ [kind]: of })),
  fc
    .tuple(fc.constantFrom(...NUMBERS), fc.constantFrom(0, 0.1, 0.5, 0.95, 1))
    .map(([percentile, p]) => ({ percentile, p, as: `p ${p} ${percentile}`.replace(/[^\w .]/g, "") })),
);
const cellBy = (ends: string[]) =>
  fc.tuple(fc.constantFrom(...ends), fc.integer({ min: 1, max: 7 })).map(([end, size]) => ({ [end]: size }));

const nameOf = (one: Any) =>
  typeof one === "string"
    ? one
    : (one.as ??
      one.column ??
      (one.origin_cell ? "origin_cell" : one.destination_cell ? "destination_cell" : JSON.stringify(one)));
const unique = <T>(arbitrary: fc.Arbitrary<T>, minLength: number, maxLength: number) =>
  fc.uniqueArray(arbitrary, { minLength, maxLength, selector: nameOf });

/** `having`, `order` and `limit` over what there is. */
function finished(by: Any[], select: Any[] | undefined, where: Any): fc.Arbitrary<Any> {
  const measured = (select ?? ["trips"]).map((one: Any) => {
    if (typeof one === "string" || one.as) return one.as ?? one;
    const [[kind, of] = []] = Object.entries(one);
    return `${kind}_${of}`;
  });
  // The last digits of a great circle differ, so nothing is put in order by them.
  const names = [...by.map(nameOf), ...measured, "trips"].filter((name) => !name.includes("great_circle"));
  const limits = fc.tuple(
    fc.constantFrom("trips", ...measured.filter((name: string) => !name.includes("great_circle"))),
    fc.integer({ min: 0, max: 40 }),
  );
  const having = limits.chain(([name, n]) =>
    fc.constantFrom(
      { [name]: { ">=": n } },
      { not: { [name]: { "<": n } } },
      { or: [{ [name]: n }, { trips: { between: [2, n + 2] } }] },
      { [name]: { is_null: false } },
    ),
  );
  return fc
    .record({
      having: fc.option(having, { nil: undefined, freq: 1 }),
      order: fc.option(
        fc.array(
          fc.tuple(fc.constantFrom(...names), fc.boolean()).map(([name, down]) => (down ? `-${name}` : name)),
          { maxLength: 3 },
        ),
        { nil: undefined, freq: 2 },
      ),
      limit: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 1 }),
    })
    .map((more) => JSON.parse(JSON.stringify({ by, select, where, ...more })));
}

const question = (by: fc.Arbitrary<Any[]>, select: fc.Arbitrary<Any>, where: fc.Arbitrary<Any>) =>
  fc.tuple(by, select, fc.option(where, { nil: undefined, freq: 3 })).chain(([b, s, w]) => finished(b, s, w));
const counts = fc.constantFrom(undefined, ["trips"]);

/** Questions of all kinds, half of them such as a rollup can answer. */
export const questions: fc.Arbitrary<Any> = fc.oneof(
  question(
    unique(
      fc.oneof(fc.constantFrom<Any>(...COLUMNS, ...ATTRIBUTES), cellBy(["origin_cell", "destination_cell"])),
      0,
      3,
    ),
    unique(measures, 1, 3),
    fc.oneof(
      conditions(
        fc.oneof(
          tests([
            ...COLUMNS,
            ...ATTRIBUTES,
            "origin_cell",
            "destination_cell",
            "duration_s",
            "distance_m",
            "great_circle_m",
          ]),
          within,
          windows,
        ),
        2,
      ),
      fc.tuple(within, tests([...COLUMNS, "duration_s"])).map(([one, other]) => ({ ...one, ...other })),
    ),
  ),
  question(unique(fc.constantFrom<Any>(...ROLLED), 0, 3), counts, conditions(fc.oneof(tests(ROLLED), windows), 2)),
  ...["origin_cell", "destination_cell"].map((end) =>
    question(
      unique(fc.oneof(fc.constantFrom<Any>("week", "week_start", "region", "source"), cellBy([end])), 0, 3),
      counts,
      conditions(tests(["week", "week_start", "region", "source", end]), 2),
    ),
  ),
);
