import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ingestStatus, leadTime } from "../../src/exercises/ingest-status.ts";
import { coordinateText, quotientText } from "../../src/exercises/vehicle.ts";
import type { Import } from "../../src/imports/imports.ts";
import { PER_SECOND, placeOfNumber, tripNumber } from "../../src/trips/trip-number.ts";

describe("a coordinate as text", () => {
  it.each([
    [7.672837913286881, "7.67283791328688"],
    [44.9957109242058, "44.995710924205"],
    [-7.672837913286881, "-7.67283791328688"],
    [0.1234567890123456, "0.123456789012345"],
    [77.67229, "77.67229"],
    [45, "45"],
    [0, "0"],
    [1e-9, "1e-9"],
  ])("%d is %s", (degrees, text) => {
    expect(coordinateText(degrees)).toBe(text);
  });
});

describe("an average as text", () => {
  it.each([
    [38, 5, "7.6000000000000000"],
    [1, 3, "0.3333333333333333"],
    [2, 3, "0.6666666666666667"],
    [123_456_789, 1, "123456789.0000000000000000"],
  ])("%d trips in %d weeks are %s", (trips, weeks, text) => {
    expect(quotientText(trips, weeks)).toBe(text);
  });
});

describe("the number of a trip", () => {
  it("leads to its second, for any trip until 2172", () => {
    const seconds = fc.date({ min: new Date("1900-01-01"), max: new Date("2172-03-15"), noInvalidDate: true });
    fc.assert(
      fc.property(seconds, fc.string(), fc.string(), (date, source, tripId) => {
        const second = date.toISOString().slice(0, 19);
        const number = tripNumber({ localTime: `${second}.123456`, source, tripId });
        expect(Number.isSafeInteger(number)).toBe(true);
        const { share, ...place } = placeOfNumber(number);
        expect(place.second).toBe(second);
        expect(share).toBeLessThan(PER_SECOND);
      }),
    );
  });
});

describe("a time span", () => {
  it.each([
    [82_754, "0:01:22.754000"],
    [0, "0:00:00.000000"],
    [36_000_001, "10:00:00.001000"],
    [-5, "0:00:00.000000"],
  ])("of %d ms is %s", (ms, text) => {
    expect(leadTime(ms)).toBe(text);
  });
});

describe("the status of the files", () => {
  const now = new Date("2026-01-01T12:00:00Z");
  const at = (time: string) => `2026-01-01T${time}Z`;
  const imported = (file: string, created: string, ended: string | null, more: Partial<Import> = {}): Import => ({
    ...{ import_id: file, file, bytes: 1, state: ended === null ? "running" : "committed", mapping: null },
    ...{ rows: 10, inserted: 10, duplicates: 0, rejected: 0, rows_per_second: 1, batch_id: file },
    ...{ created_at: at(created), started_at: null, ended_at: ended && at(ended), already_imported: false },
    ...more,
  });
  const old = imported("old.csv", "10:00:00", "10:00:05");
  const a = imported("a.csv", "11:00:00", "11:00:50.5");
  const b = imported("b.csv", "11:01:40", "11:02:00");

  it("tells of a process that is over: of all files that came without a pause", () => {
    expect(ingestStatus([b, a, old], undefined, now)).toEqual({
      review: "Process Finished",
      start_time: "2026-01-01T11:00:00.000Z",
      end_time: "2026-01-01T11:02:00.000Z",
      lead_time: "0:02:00.000000",
      details: [
        { file: "a.csv", lead_time: "0:00:50.500000", num_rows: 10, result: "Successful Data Ingestion" },
        { file: "b.csv", lead_time: "0:00:20.000000", num_rows: 10, result: "Successful Data Ingestion" },
      ],
    });
  });

  it("names the file in progress, and those that are done", () => {
    const running = imported("c.csv", "11:02:30", null);
    const waiting = imported("d.csv", "11:02:31", null, { state: "queued" });
    expect(ingestStatus([waiting, running, b], undefined, now)).toMatchObject({
      review: "c.csv: In progress..",
      start_time: "2026-01-01T11:01:40.000Z",
      details: [{ file: "b.csv" }],
    });
  });

  it("knows a file that is not listed yet", () => {
    const taken = { file: "e.csv", since: now };
    const status = { review: "e.csv: In progress..", start_time: now.toISOString(), details: [] };
    expect(ingestStatus([], taken, now)).toEqual(status);
    expect(ingestStatus([b], taken, now)).toEqual(status);
  });

  it.each([
    [{ rejected: 3 }, "Successful Data Ingestion; 3 rows were rejected"],
    [{ rejected: 10 }, "Failed Data Ingestion: every row was rejected"],
    [{ state: "failed", error: { code: "x", detail: "It is broken." } }, "Failed Data Ingestion: It is broken."],
    [{ state: "undone" }, "Undone"],
    [{ already_imported: true }, "Nothing new: the same content was ingested before"],
  ] as [Partial<Import>, string][])("says of %j: %s", (more, result) => {
    const status = ingestStatus([imported("f.csv", "11:00:00", "11:00:01", more)], undefined, now);
    expect(status.details).toMatchObject([{ result }]);
  });
});
