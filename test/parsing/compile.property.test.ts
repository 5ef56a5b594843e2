import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileCells, compileMapping, type Mapped, mapRow } from "../../src/parsing/map-row.ts";
import { countFrom } from "../harness/engines.ts";
import { plainMapRow } from "./plain-map-row.ts";
import { table } from "./sent-values.ts";

const numRuns = countFrom("TRIPGRID_TEST_FORMATS", 1000, 3000);
const RANGE = { min: "2000-01-01", max: "2027-01-01" };

const recordOf = (columns: readonly string[], values: readonly unknown[]) =>
  Object.fromEntries(columns.map((column, i) => [column, values[i]]));

/** What two rows have in common however they came about: the same trip, or the same problems in whatever order. */
const comparable = (mapped: Mapped) =>
  "trip" in mapped
    ? { trip: { ...mapped.trip, attributes: mapped.trip.attributes && Object.entries(mapped.trip.attributes).sort() } }
    : { problems: mapped.problems.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };

describe("a compiled mapping gives what is read row by row", () => {
  const seen = { trips: 0, problems: 0 };
  const count = (mapped: Mapped) => seen["trip" in mapped ? "trips" : "problems"]++;

  it("from records of JSON, one after the other", () => {
    fc.assert(
      fc.property(table(false), ({ one, columns, rows }) => {
        const map = compileMapping(one, false, RANGE);
        for (const values of rows) {
          const record = recordOf(columns, values);
          const expected = comparable(plainMapRow(record, one, false, RANGE));
          expect(comparable(map(record))).toEqual(expected);
          expect(comparable(mapRow(record, one, false, RANGE))).toEqual(expected);
          count(map(record));
        }
      }),
      { numRuns },
    );
  });

  it("from the cells of a CSV, which are the same as its records", () => {
    fc.assert(
      fc.property(table(true), ({ one, columns, rows }) => {
        const mapCells = compileCells(one, columns, RANGE);
        const mapRecord = compileMapping(one, true, RANGE);
        for (const cells of rows) {
          const record = recordOf(columns, cells);
          const expected = comparable(plainMapRow(record, one, true, RANGE));
          expect(comparable(mapCells(cells as string[]))).toEqual(expected);
          expect(comparable(mapRecord(record))).toEqual(expected);
          count(mapRecord(record));
        }
      }),
      { numRuns },
    );
  });

  it("and both were seen to give trips and problems", () => {
    expect(Math.min(seen.trips, seen.problems)).toBeGreaterThan(numRuns / 3);
  });
});
