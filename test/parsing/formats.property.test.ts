import fc from "fast-check";
import { expect, it } from "vitest";
import { membersOf } from "../../src/containers/container.ts";
import { kindOf } from "../../src/containers/file-kind.ts";
import { fromBuffer } from "../../src/containers/random-access.ts";
import { mappingFor } from "../../src/mappings/mapping-for.ts";
import { classifyRows } from "../../src/parsing/classify-rows.ts";
import { readRows } from "../../src/parsing/read-rows.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { parquetOf, workbookParts, zipOf } from "../containers/write-containers.ts";
import { countFrom } from "../harness/engines.ts";

interface Row {
  trip_id: string;
  source: string;
  region: string;
  started_at: string;
  origin_lon: number;
  origin_lat: number;
  distance_m: number | undefined;
}

const HEADER = ["trip_id", "source", "region", "started_at", "origin_lon", "origin_lat", "distance_m"] as const;

/** Characters that every tested encoding has, among them those that a CSV must quote. */
const name = fc
  .array(fc.constantFrom(..."abcXYZ09 ,;|\t\"'éüßÑ".split(""), "a€", "b–"), { minLength: 1, maxLength: 12 })
  .map((chars) => `n${chars.join("")}x`);
const degrees = (limit: number) => fc.integer({ min: -limit * 1e5, max: limit * 1e5 }).map((n) => n / 1e5);
const row: fc.Arbitrary<Row> = fc.record({
  trip_id: name,
  source: name,
  region: name,
  started_at: fc
    .date({ min: new Date("2001-01-01"), max: new Date("2025-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 19)),
  origin_lon: degrees(179),
  origin_lat: degrees(89),
  distance_m: fc.option(
    fc.integer({ min: 0, max: 10_000_000 }).map((n) => n / 10),
    { nil: undefined },
  ),
});

/** The trips that come of a file, and what became of its rows. */
async function tripsOf(
  file: Buffer,
  contentType?: string,
): Promise<{ received: number; rejected: number; trips: Set<string> }> {
  const kind = kindOf(file);
  if (kind === "zip" || kind === "parquet") {
    const [member] = await membersOf(fromBuffer(file), kind);
    if (!member) throw new Error("it holds nothing");
    const chunks: Buffer[] = [];
    for await (const chunk of member.open()) chunks.push(chunk);
    return tripsOf(Buffer.concat(chunks), member.contentType);
  }
  const sent = await readRows(file, contentType, 100_000, ROW_LIMITS);
  const mapping = await mappingFor(undefined, sent, async () => []);
  const { trips, rejected } = await classifyRows(sent.rows, {
    ...{ batchId: "b", mapping, identity: "content" },
    header: sent.form === "csv" ? sent.fields : undefined,
    startRange: { min: "2000-01-01", max: "2027-01-01" },
    about: { numbers: { decimal: sent.format?.decimal } },
  });
  return {
    received: sent.rows.length,
    rejected: rejected.length,
    trips: new Set(trips.map(({ trip }) => JSON.stringify(trip))),
  };
}

interface CsvStyle {
  delimiter: string;
  charset: "utf-8" | "utf-8 with a mark" | "utf-16le" | "utf-16be" | "windows-1252";
  isQuoted: boolean;
  decimal: "." | ",";
  lineEnd: "\n" | "\r\n";
}

const style: fc.Arbitrary<CsvStyle> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  charset: fc.constantFrom("utf-8", "utf-8 with a mark", "utf-16le", "utf-16be", "windows-1252"),
  isQuoted: fc.boolean(),
  decimal: fc.constantFrom(".", ","),
  lineEnd: fc.constantFrom("\n", "\r\n"),
});

function csvOf(rows: readonly Row[], { delimiter, charset, isQuoted, decimal, lineEnd }: CsvStyle): Buffer {
  const cell = (value: string | number | undefined) => {
    const text = typeof value === "number" ? String(value).replace(".", decimal) : (value ?? "");
    const must = text.includes(delimiter) || /["\r\n]/.test(text);
    return isQuoted || must ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [HEADER, ...rows.map((one) => HEADER.map((column) => one[column]))];
  return encoded(lines.map((cells) => cells.map(cell).join(delimiter) + lineEnd).join(""), charset);
}

function encoded(text: string, charset: CsvStyle["charset"]): Buffer {
  if (charset === "windows-1252") {
    return Buffer.from([...text].map((char) => ({ "€": 0x80, "–": 0x96 })[char] ?? char.charCodeAt(0)));
  }
  const marked = charset === "utf-8" ? text : `\uFEFF${text}`;
  if (charset === "utf-16le") return Buffer.from(marked, "utf16le");
  return charset === "utf-16be" ? Buffer.from(marked, "utf16le").swap16() : Buffer.from(marked);
}

const ndjsonOf = (rows: readonly Row[]) => Buffer.from(rows.map((one) => `${JSON.stringify(one)}\n`).join(""));

function geojsonOf(rows: readonly Row[]): Buffer {
  const features = rows.map(({ origin_lon, origin_lat, ...properties }) => ({
    ...{ type: "Feature", properties },
    geometry: { type: "Point", coordinates: [origin_lon, origin_lat] },
  }));
  return Buffer.from(JSON.stringify({ type: "FeatureCollection", name: "trips", features }));
}

const cellsOf = (rows: readonly Row[]) => rows.map((one) => HEADER.map((column) => one[column] ?? null));

/** As a data portal exports a table: its rows are arrays, and a description before them names their members. */
const arraysOf = (rows: readonly Row[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      meta: { view: { columns: HEADER.map((name, id) => ({ id, name: name.toUpperCase(), fieldName: name })) } },
      data: cellsOf(rows),
    }),
  );

const sheetOf = (rows: readonly Row[]): Buffer => Buffer.from(JSON.stringify([HEADER, ...cellsOf(rows)]));

const xlsxOf = (rows: readonly Row[]) =>
  zipOf(workbookParts([[...HEADER], ...rows.map((one) => HEADER.map((column) => one[column]))]));

const parquetFile = (rows: readonly Row[]) =>
  parquetOf(
    HEADER.map((column) => {
      const data = rows.map((one) => one[column] ?? null);
      return typeof rows[0]?.[column] === "number" || column === "distance_m"
        ? { name: column, data, type: "DOUBLE", nullable: true }
        : { name: column, data, type: "STRING" };
    }),
    7,
  );

it("any table of trips comes back as the same trips from every kind of file", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), style, async (rows, csv) => {
      const expected = await tripsOf(ndjsonOf(rows));
      expect(expected).toMatchObject({ received: rows.length, rejected: 0 });
      const files = {
        csv: csvOf(rows, csv),
        geojson: geojsonOf(rows),
        arrays: arraysOf(rows),
        sheet: sheetOf(rows),
        xlsx: await xlsxOf(rows),
        parquet: parquetFile(rows),
      };
      for (const [kind, file] of Object.entries(files))
        expect({ kind, ...(await tripsOf(file)) }).toEqual({ kind, ...expected });
    }),
    { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 40, 1000) },
  );
});
