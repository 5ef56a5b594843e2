import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { nextTurn } from "../kit/next-turn.ts";
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
    await writeGroup(parquet, table, rows, around);
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
  const box = ["xmin", "ymin", "xmax", "ymax"].map(
    (name): SchemaElement => ({ name, type: "DOUBLE", repetition_type: "REQUIRED" }),
  );
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

/** The least and the greatest text tell a reader nothing here. */
const WITHOUT_STATISTICS = { offsetIndex: false, statistics: false };

/** Column by column. Other work gets its turn between them. */
async function writeGroup(parquet: ParquetWriter, table: Table, rows: readonly Row[], around: Bounds): Promise<void> {
  const data = table.columns.map(({ name, type }, i) => {
    const data = rows.map(({ values }) => stored(values[i] ?? null, type)) as unknown[];
    return { name, data, ...(type === "json" ? WITHOUT_STATISTICS : { offsetIndex: false }) };
  });
  await nextTurn();
  if (table.geometry) {
    const boxes = rows.map(({ geometry }) => geometry && boundsOf(geometry));
    for (const box of boxes) {
      if (!box) continue;
      around[0] = Math.min(around[0], box[0]);
      around[1] = Math.min(around[1], box[1]);
      around[2] = Math.max(around[2], box[2]);
      around[3] = Math.max(around[3], box[3]);
    }
    data.push({
      name: "geometry",
      data: rows.map(({ geometry }) => geometry && wkbOf(geometry)),
      ...WITHOUT_STATISTICS,
    });
    data.push({
      name: "bbox",
      data: boxes.map((box) => box && { xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3] }),
      offsetIndex: false,
    });
  }
  await nextTurn();
  await parquet.write({ columnData: data as never, rowGroupSize: rows.length });
  await nextTurn();
}

const stored = (value: Value, type: ColumnType) =>
  typeof value === "number" && TYPES[type].type === "INT64" ? BigInt(Math.round(value)) : value;

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
        bbox: Object.fromEntries(["xmin", "ymin", "xmax", "ymax"].map((name) => [name, ["bbox", name]])),
      },
    },
  },
});
