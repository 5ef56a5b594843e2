import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { nextTurn } from "../kit/event-loop.ts";
import {
  areDifferent,
  type Chunk,
  type PlainValues,
  plainBytes,
  plainNumbers,
  plainPoints,
  writePlainChunk,
  writeValues,
} from "./parquet-column.ts";
import { ParquetFooter, STATISTICS_BYTES } from "./parquet-footer.ts";
import {
  bytesOfRow,
  type ColumnType,
  pagesOf,
  partsOf,
  type Row,
  type SayHeld,
  type Table,
  type Value,
} from "./table.ts";
import { type Bounds, boundsOf, wkbOf } from "./wkb.ts";

type SchemaElement = ParquetWriter["schema"][number];

/**
 * A reader of a box leaves out the groups that lie elsewhere. A group ends at this many rows, or at the row with which
 * its rows take this many bytes.
 */
const ROWS_A_GROUP = 10_000;
const BYTES_A_GROUP = 8 * 1024 * 1024;
const SIDES = ["xmin", "ymin", "xmax", "ymax"] as const;
/** A group is held as rows, column by column, and as bytes. */
const FORMS = 2;

const TYPES: Readonly<Record<ColumnType, Omit<SchemaElement, "name">>> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  instant: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" } },
  "local-time": { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } },
};

/**
 * Parquet, row group by row group. A table with places is GeoParquet 1.1: points as WKB in the column `geometry`, and
 * their boxes in `bbox`, by whose statistics readers skip groups.
 */
export async function* geoParquetOf(table: Table, sayHeld: SayHeld): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const schema = schemaOf(table);
  const options = { writer, schema, createdBy: "Tripgrid", statisticsTruncateLength: STATISTICS_BYTES };
  const parquet = new ParquetWriter(options);
  const footer = new ParquetFooter(parquet);
  const around: Bounds = [180, 90, -180, -90];
  let rows: Row[] = [];
  let bytes = 0;
  async function* group(): AsyncGenerator<Uint8Array> {
    await sayHeld(FORMS * bytes + footer.bytes);
    await writeGroup(parquet, writer, table, rows, around);
    footer.take();
    [rows, bytes] = [[], 0];
    yield* partsOf(takeFrom(writer));
  }
  for await (const page of pagesOf(table)) {
    for (const row of page) {
      rows.push(row);
      bytes += bytesOfRow(row);
      if (rows.length >= ROWS_A_GROUP || bytes >= BYTES_A_GROUP) yield* group();
    }
  }
  if (rows.length > 0) yield* group();
  if (table.geometry) parquet.kvMetadata = [{ key: "geo", value: JSON.stringify(geoOf(table.geometry, around)) }];
  yield* partsOf(takeFrom(writer));
  for (const part of footer.parts()) yield* partsOf(part);
}

/** The bytes that were written since. The writer goes on counting. */
function takeFrom(writer: ByteWriter): Uint8Array {
  const bytes = Uint8Array.from(writer.getBytes());
  writer.index = 0;
  return bytes;
}

function schemaOf({ columns, geometry }: Table): SchemaElement[] {
  const box = SIDES.map((name): SchemaElement => ({ name, type: "DOUBLE", repetition_type: "REQUIRED" }));
  return [
    { name: "schema", num_children: columns.length + (geometry ? 2 : 0) },
    ...columns.map(({ name, type }): SchemaElement => ({ name, repetition_type: "OPTIONAL", ...TYPES[type] })),
    ...(geometry
      ? [
          { name: "geometry", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" } as const,
          { name: "bbox", repetition_type: "OPTIONAL", num_children: box.length } as const,
          ...box,
        ]
      : []),
  ];
}

/** Column by column. Other work gets its turn between them. */
async function writeGroup(
  parquet: ParquetWriter,
  writer: ByteWriter,
  table: Table,
  rows: readonly Row[],
  around: Bounds,
): Promise<void> {
  const start = writer.offset;
  const chunks: Chunk[] = [];
  for (const [i, { name, type }] of table.columns.entries()) {
    const element = { name, repetition_type: "OPTIONAL", ...TYPES[type] } as const;
    const values = rows.map((row) => row.values[i] ?? null);
    chunks.push(writeOne(parquet, writer, element, values, type));
    await nextTurn();
  }
  if (table.geometry) chunks.push(...writePlaces(writer, table, rows, around));
  parquet.num_rows += BigInt(rows.length);
  parquet.row_groups.push({
    columns: chunks,
    total_byte_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
    num_rows: BigInt(rows.length),
    total_compressed_size: BigInt(writer.offset - start),
  });
  await nextTurn();
}

function writeOne(
  parquet: ParquetWriter,
  writer: ByteWriter,
  element: SchemaElement,
  values: readonly Value[],
  type: ColumnType,
): Chunk {
  if (values.every((value) => value === null)) {
    return writePlainChunk(writer, plainBytes(values as null[]), element, [element.name]);
  }
  const physical = element.type;
  if ((physical === "INT64" || physical === "DOUBLE") && areDifferent(values)) {
    const numbers = plainNumbers(values as (number | null)[], physical);
    return writePlainChunk(writer, numbers, element, [element.name]);
  }
  const data = physical === "INT64" ? values.map(integer) : values;
  // The least and the greatest text tell a reader of JSON nothing.
  return writeValues(parquet, element, data, type !== "json");
}

const integer = (value: Value) => (typeof value === "number" ? BigInt(Math.round(value)) : value);

/** The points or shapes, and their boxes. */
function writePlaces(writer: ByteWriter, { point }: Table, rows: readonly Row[], around: Bounds): Chunk[] {
  if (point) {
    const [lons, lats] = point.map((i) => rows.map(({ values }) => values[i] as number)) as [number[], number[]];
    const [x, y] = [plainNumbers(lons, "DOUBLE"), plainNumbers(lats, "DOUBLE")];
    return [writeShapes(writer, plainPoints(lons, lats)), ...writeBoxes(writer, [x, y, x, y], around)];
  }
  const shapes = plainBytes(rows.map(({ geometry }) => geometry && wkbOf(geometry)));
  const boxes = rows.map(({ geometry }) => geometry && boundsOf(geometry));
  const sides = SIDES.map((_, side) =>
    plainNumbers(
      boxes.map((box) => box && (box[side] as number)),
      "DOUBLE",
    ),
  );
  return [writeShapes(writer, shapes), ...writeBoxes(writer, sides, around)];
}

const writeShapes = (writer: ByteWriter, shapes: PlainValues) =>
  writePlainChunk(writer, shapes, { type: "BYTE_ARRAY" }, ["geometry"]);

function writeBoxes(writer: ByteWriter, sides: readonly PlainValues[], around: Bounds): Chunk[] {
  return sides.map((side, i) => {
    if (side.range && i < 2) around[i] = Math.min(around[i] as number, side.range.least);
    if (side.range && i >= 2) around[i] = Math.max(around[i] as number, side.range.greatest);
    return writePlainChunk(writer, side, { type: "DOUBLE" }, ["bbox", SIDES[i] as string]);
  });
}

/** The file's metadata. The system is the default, longitude and latitude in degrees. */
const geoOf = (geometry: NonNullable<Table["geometry"]>, around: Bounds) => ({
  version: "1.1.0",
  primary_column: "geometry",
  columns: {
    geometry: {
      encoding: "WKB",
      geometry_types: [geometry],
      ...(around[0] <= around[2] ? { bbox: around } : {}),
      covering: {
        bbox: Object.fromEntries(SIDES.map((name) => [name, ["bbox", name]])),
      },
    },
  },
});
