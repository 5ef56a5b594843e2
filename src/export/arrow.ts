import {
  Binary,
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from "apache-arrow";
import { type ColumnType, pagesOf, partsOf, type Row, type Table, type Value } from "./table.ts";
import { wkbOf } from "./wkb.ts";

const TYPES: Readonly<Record<ColumnType, () => DataType>> = {
  string: () => new Utf8(),
  json: () => new Utf8(),
  integer: () => new Int64(),
  number: () => new Float64(),
  boolean: () => new Bool(),
  instant: () => new TimestampMicrosecond("UTC"),
  "local-time": () => new TimestampMicrosecond(),
};

/** Apache Arrow's stream, a batch for each page. Places are WKB, marked as GeoArrow marks it. */
export async function* arrowOf(table: Table): AsyncGenerator<Uint8Array> {
  const schema = schemaOf(table);
  const writer = new CollectingWriter();
  writer.reset(undefined, schema);
  for await (const page of pagesOf(table)) {
    writer.write(batchOf(page, table, schema));
    yield* partsOf(writer.take());
  }
  writer.finish();
  yield* partsOf(writer.take());
}

/** Hands over what was written, so that nothing waits in a queue of its own. */
class CollectingWriter extends RecordBatchStreamWriter {
  #chunks: Uint8Array[] = [];

  constructor() {
    super({ autoDestroy: false });
  }

  protected override _write(chunk: Parameters<RecordBatchStreamWriter["_write"]>[0]): this {
    const bytes = ArrayBuffer.isView(chunk)
      ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      : new Uint8Array(chunk as ArrayBuffer);
    if (bytes.length > 0) this.#chunks.push(bytes);
    this._position += bytes.length;
    return this;
  }

  take(): Uint8Array {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return all;
  }
}

function schemaOf({ columns, geometry }: Table): Schema {
  const marks = new Map([
    ["ARROW:extension:name", "geoarrow.wkb"],
    ["ARROW:extension:metadata", JSON.stringify({ crs: "OGC:CRS84", crs_type: "authority_code" })],
  ]);
  return new Schema([
    ...columns.map(({ name, type }) => new Field(name, TYPES[type](), true)),
    ...(geometry ? [new Field("geometry", new Binary(), true, marks)] : []),
  ]);
}

function batchOf(rows: readonly Row[], { columns, geometry }: Table, schema: Schema): RecordBatch {
  const children: Data[] = columns.map(({ type }, i) =>
    dataOf(
      rows.map(({ values }) => values[i] ?? null),
      type,
    ),
  );
  if (geometry) {
    const shapes = rows.map((row) => row.geometry && wkbOf(row.geometry));
    const { nullBitmap, nullCount } = nullsOf(shapes);
    children.push(makeData({ type: new Binary(), length: rows.length, nullCount, nullBitmap, ...packed(shapes) }));
  }
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

function dataOf(values: readonly Value[], type: ColumnType) {
  const { length } = values;
  const nulls = nullsOf(values);
  switch (type) {
    case "number":
      return makeData({ type: new Float64(), length, ...nulls, data: Float64Array.from(values, Number) });
    case "integer":
      return makeData({ type: new Int64(), length, ...nulls, data: bigints(values) });
    case "instant":
    case "local-time":
      return makeData({ type: TYPES[type]() as TimestampMicrosecond, length, ...nulls, data: bigints(values) });
    case "boolean":
      return makeData({ type: new Bool(), length, ...nulls, data: bitsOf(values, (value) => value === true) });
    default: {
      const texts = values.map((value) => (value === null ? null : Buffer.from(String(value))));
      return makeData({ type: new Utf8(), length, ...nulls, ...packed(texts) });
    }
  }
}

const bigints = (values: readonly Value[]) => BigInt64Array.from(values, (value) => BigInt(Math.round(Number(value))));

/** Which values are there, a bit for each. */
const nullsOf = (values: readonly unknown[]) => ({
  nullCount: values.filter((value) => value === null).length,
  nullBitmap: bitsOf(values, (value) => value !== null),
});

function bitsOf<V>(values: readonly V[], isSet: (value: V) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 64) * 8);
  for (const [i, value] of values.entries()) if (isSet(value)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  return bits;
}

/** Values of different lengths one after the other, and where each begins. */
function packed(values: readonly (Buffer | null)[]) {
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [i, value] of values.entries()) valueOffsets[i + 1] = (valueOffsets[i] ?? 0) + (value?.length ?? 0);
  return { valueOffsets, data: Buffer.concat(values.flatMap((value) => value ?? [])) as Uint8Array };
}
