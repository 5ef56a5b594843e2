import { Builder } from "flatbuffers";
import type { Geometry, Position } from "geojson";
import { type Column, type ColumnType, pagesOf, type Row, shownValue, type Table } from "./table.ts";

/** `fgb`, version 3.0. */
const MAGIC = Uint8Array.of(0x66, 0x67, 0x62, 0x03, 0x66, 0x67, 0x62, 0x00);
const GEOMETRY_TYPES = { Point: 1, LineString: 2, Polygon: 3, MultiPolygon: 6 } as const;
const COLUMN_TYPES: Readonly<Record<ColumnType, number>> = {
  ...{ boolean: 2, integer: 7, number: 10, string: 11, json: 12, instant: 13 },
  // A date and time of the format may have an offset or none.
  "local-time": 13,
};
const ROWS_A_PART = 200;
const CRS84 = 4326;

/** FlatGeobuf without an index, whose place is before the features: it would need all of them. Their number is unknown. */
export async function* flatGeobufOf(table: Table): AsyncGenerator<Uint8Array> {
  yield MAGIC;
  yield headerOf(table);
  for await (const page of pagesOf(table)) {
    for (let i = 0; i < page.length; i += ROWS_A_PART) {
      yield Buffer.concat(page.slice(i, i + ROWS_A_PART).map((row) => featureOf(row, table.columns)));
    }
  }
}

/** Fields stand in slots, in the order of the format's schema. */
function headerOf({ name, columns, geometry }: Table): Uint8Array {
  const builder = new Builder(1024);
  const columnTables = columns.map((column) => {
    const title = builder.createString(column.name);
    builder.startObject(11);
    builder.addFieldOffset(0, title, 0);
    builder.addFieldInt8(1, COLUMN_TYPES[column.type], 0);
    return builder.endObject();
  });
  const columnList = offsetsOf(builder, columnTables);
  const organisation = builder.createString("EPSG");
  builder.startObject(6);
  builder.addFieldOffset(0, organisation, 0);
  builder.addFieldInt32(1, CRS84, 0);
  const crs = builder.endObject();
  const title = builder.createString(name);
  builder.startObject(14);
  builder.addFieldOffset(0, title, 0);
  builder.addFieldInt8(2, geometry ? GEOMETRY_TYPES[geometry] : 0, 0);
  builder.addFieldOffset(7, columnList, 0);
  builder.addFieldInt64(8, 0n, 0n);
  // No index; the default would be one.
  builder.addFieldInt16(9, 0, 16);
  builder.addFieldOffset(10, crs, 0);
  builder.finishSizePrefixed(builder.endObject());
  return builder.asUint8Array().slice();
}

function offsetsOf(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

function featureOf({ geometry, values }: Row, columns: readonly Column[]): Uint8Array {
  const builder = new Builder(512);
  const properties = builder.createByteVector(propertiesOf(values, columns));
  const shape = geometry ? geometryOf(builder, geometry) : undefined;
  builder.startObject(3);
  if (shape !== undefined) builder.addFieldOffset(0, shape, 0);
  builder.addFieldOffset(1, properties, 0);
  builder.finishSizePrefixed(builder.endObject());
  return builder.asUint8Array();
}

function geometryOf(builder: Builder, geometry: Geometry): number {
  if (geometry.type === "MultiPolygon") {
    const parts = offsetsOf(
      builder,
      geometry.coordinates.map((rings) => shapeOf(builder, GEOMETRY_TYPES.Polygon, rings)),
    );
    builder.startObject(8);
    builder.addFieldInt8(6, GEOMETRY_TYPES.MultiPolygon, 0);
    builder.addFieldOffset(7, parts, 0);
    return builder.endObject();
  }
  if (geometry.type === "Point") return shapeOf(builder, GEOMETRY_TYPES.Point, [[geometry.coordinates]]);
  if (geometry.type === "LineString") return shapeOf(builder, GEOMETRY_TYPES.LineString, [geometry.coordinates]);
  if (geometry.type === "Polygon") return shapeOf(builder, GEOMETRY_TYPES.Polygon, geometry.coordinates);
  throw new Error(`no table has geometries of the type ${geometry.type}`);
}

/** The coordinates of all rings one after the other, and where each of several ends. */
function shapeOf(builder: Builder, type: number, rings: readonly Position[][]): number {
  const flat = rings.flat().flatMap(([x = 0, y = 0]) => [x, y]);
  builder.startVector(8, flat.length, 8);
  for (const number of flat.toReversed()) builder.addFloat64(number);
  const coordinates = builder.endVector();
  let ends: number | undefined;
  if (rings.length > 1) {
    let end = 0;
    const all = rings.map((ring) => (end += ring.length));
    builder.startVector(4, all.length, 4);
    for (const one of all.toReversed()) builder.addInt32(one);
    ends = builder.endVector();
  }
  builder.startObject(8);
  if (ends !== undefined) builder.addFieldOffset(0, ends, 0);
  builder.addFieldOffset(1, coordinates, 0);
  builder.addFieldInt8(6, type, 0);
  return builder.endObject();
}

/** The number of each column that is not null, and its value. */
function propertiesOf(values: Row["values"], columns: readonly Column[]): Uint8Array {
  return Buffer.concat(
    columns.flatMap((column, i) => {
      const value = shownValue(values[i] ?? null, column);
      if (value === null) return [];
      const head = Buffer.allocUnsafe(2);
      head.writeUInt16LE(i);
      return [head, ...bytesOf(value, column.type)];
    }),
  );
}

function bytesOf(value: string | number | boolean, type: ColumnType): Buffer[] {
  if (type === "boolean") return [Buffer.of(value ? 1 : 0)];
  if (type === "integer" || type === "number") {
    const bytes = Buffer.allocUnsafe(8);
    if (type === "integer") bytes.writeBigInt64LE(BigInt(Math.round(Number(value))));
    else bytes.writeDoubleLE(Number(value));
    return [bytes];
  }
  const text = Buffer.from(String(value));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(text.length);
  return [length, text];
}
