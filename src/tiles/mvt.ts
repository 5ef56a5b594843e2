import Pbf from "pbf";
import { EXTENT } from "./tile.ts";

/** Coordinates in the grid of a tile: from the west and from the north. */
export type GridPoint = readonly [x: number, y: number];

/** What is drawn in a tile. Properties that are null are left out. */
export interface TileFeature {
  /** Undefined: there is nothing of it in the tile. */
  geometry: GridGeometry | undefined;
  properties: Readonly<Record<string, string | number | boolean | null>>;
}
export interface GridGeometry {
  type: 1 | 2 | 3;
  commands: number[];
}

const MOVE_TO = 1;
const LINE_TO = 2;
const CLOSE = 15;
const command = (id: number, count: number) => id | (count << 3);
const zigzag = (n: number) => (n << 1) ^ (n >> 31);

export const pointIn = ([x, y]: GridPoint): GridGeometry => ({
  type: 1,
  commands: [command(MOVE_TO, 1), zigzag(Math.round(x)), zigzag(Math.round(y))],
});

/** A line between two points. Undefined: both are in one place of the grid. */
export function lineIn(from: GridPoint, to: GridPoint): GridGeometry | undefined {
  const points = distinct([from, to]);
  if (points.length < 2) return undefined;
  const commands: number[] = [];
  follow(commands, points, [0, 0]);
  return { type: 2, commands };
}

/**
 * The polygons of a feature, each with its outer ring first. Rings are closed. Undefined: nothing of it is larger than
 * a place of the grid.
 */
export function polygonsIn(polygons: readonly (readonly (readonly GridPoint[])[])[]): GridGeometry | undefined {
  const commands: number[] = [];
  let at: GridPoint = [0, 0];
  for (const rings of polygons) {
    for (const [i, ring] of rings.entries()) {
      const points = distinct(ring).slice(0, -1);
      const area = areaOf(points);
      // Without its outer ring a hole would be filled.
      if (area === 0 && i === 0) break;
      if (area === 0) continue;
      // Outer rings run clockwise on the screen, holes the other way.
      at = follow(commands, area > 0 === (i === 0) ? points : points.reverse(), at);
      commands.push(CLOSE);
    }
  }
  return commands.length === 0 ? undefined : { type: 3, commands };
}

/** Points in whole places of the grid, without repetitions. */
function distinct(points: readonly GridPoint[]): GridPoint[] {
  const found: GridPoint[] = [];
  for (const point of points) {
    const [x, y] = [Math.round(point[0]), Math.round(point[1])];
    const last = found.at(-1);
    if (last?.[0] !== x || last[1] !== y) found.push([x, y]);
  }
  return found;
}

/** Twice the area, positive if the points run clockwise on the screen. */
function areaOf(points: readonly GridPoint[]): number {
  let [lastX, lastY] = points.at(-1) ?? [0, 0];
  let sum = 0;
  for (const [x, y] of points) {
    sum += lastX * y - x * lastY;
    [lastX, lastY] = [x, y];
  }
  return sum;
}

/** Adds the commands for a line or ring. Returns where it ends. */
function follow(commands: number[], points: readonly GridPoint[], start: GridPoint): GridPoint {
  let [lastX, lastY] = start;
  for (const [i, [x, y]] of points.entries()) {
    if (i === 0) commands.push(command(MOVE_TO, 1));
    if (i === 1) commands.push(command(LINE_TO, points.length - 1));
    commands.push(zigzag(x - lastX), zigzag(y - lastY));
    [lastX, lastY] = [x, y];
  }
  return [lastX, lastY];
}

type Value = string | number | boolean;

/** Writes a tile with one layer: Mapbox Vector Tile 2.1. */
export class TileWriter {
  readonly #layer = new Pbf();
  readonly #keys = new Map<string, number>();
  readonly #values = new Map<Value, number>();
  #features = 0;

  constructor(name: string) {
    this.#layer.writeVarintField(15, 2);
    this.#layer.writeStringField(1, name);
  }

  add({ geometry, properties }: TileFeature): void {
    if (!geometry) return;
    const tags: number[] = [];
    for (const [key, value] of Object.entries(properties)) {
      if (value !== null) tags.push(placeOf(this.#keys, key), placeOf(this.#values, value));
    }
    this.#features++;
    this.#layer.writeMessage(2, writeFeature, { tags, ...geometry });
  }

  /** The bytes of the tile. A tile without a feature has no bytes. */
  finish(): Buffer {
    if (this.#features === 0) return Buffer.alloc(0);
    for (const key of this.#keys.keys()) this.#layer.writeStringField(3, key);
    for (const value of this.#values.keys()) this.#layer.writeMessage(4, writeValue, value);
    this.#layer.writeVarintField(5, EXTENT);
    const tile = new Pbf();
    tile.writeBytesField(3, this.#layer.finish());
    return Buffer.from(tile.finish());
  }
}

function placeOf<K>(known: Map<K, number>, key: K): number {
  const place = known.get(key);
  if (place !== undefined) return place;
  known.set(key, known.size);
  return known.size - 1;
}

function writeFeature({ tags, type, commands }: GridGeometry & { tags: number[] }, pbf: Pbf): void {
  pbf.writePackedVarint(2, tags);
  pbf.writeVarintField(3, type);
  pbf.writePackedVarint(4, commands);
}

function writeValue(value: Value, pbf: Pbf): void {
  if (typeof value === "string") pbf.writeStringField(1, value);
  else if (typeof value === "boolean") pbf.writeBooleanField(7, value);
  else if (Number.isSafeInteger(value) && value >= 0) pbf.writeVarintField(5, value);
  else pbf.writeDoubleField(3, value);
}
