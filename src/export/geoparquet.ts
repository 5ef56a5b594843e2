import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { nextTurn } from "../kit/next-turn.ts";
import { type ColumnType, pagesOf, partsOf, type Row, type Table, type Value } from "./table.ts";
import { type Bounds, boundsOf, wkbOf } from "./wkb.ts";

type SchemaElement = ParquetWriter["schema"][number];

/** A reader of a box leaves out the groups that lie elsewhere. A group takes some MB while it is written. */
const ROWS_A_GROUP = 10_000;

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
export async function* geoParquetOf(table: Table): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const schema = schemaOf(table);
  const parquet = new ParquetWriter({ writer, schema, createdBy: "Tripgrid" });
  const around: Bounds = [180, 90, -180, -90];
  let rows: Row[] = [];
  for await (const page of pagesOf(table)) {
    rows.push(...page);
    if (rows.length < ROWS_A_GROUP) continue;
    await writeGroup(parquet, table, rows, around);
    rows = [];
    yield* partsOf(takeFrom(writer));
  }
  if (rows.length > 0) await writeGroup(parquet, table, rows, around);
  if (table.geometry) parquet.kvMetadata = [{ key: "geo", value: JSON.stringify(geoOf(table.geometry, around)) }];
  await parquet.finish();
  yield* partsOf(takeFrom(writer));
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

/** Column by column. Other work gets its turn between them. */
async function writeGroup(parquet: ParquetWriter, table: Table, rows: readonly Row[], around: Bounds): Promise<void> {
  const data = table.columns.map(({ name, type }, i) => {
    return { name, data: rows.map(({ values }) => stored(values[i] ?? null, type)) as unknown[] };
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
    data.push({ name: "geometry", data: rows.map(({ geometry }) => geometry && wkbOf(geometry)) });
    data.push({
      name: "bbox",
      data: boxes.map((box) => box && { xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3] }),
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
