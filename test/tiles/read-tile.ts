import { VectorTile } from "@mapbox/vector-tile";
import Pbf from "pbf";

/** Reads a tile of a service with a decoder of its own. */
export async function readTile(service: { url: string }, path: string, headers: Record<string, string> = {}) {
  const reply = await fetch(`${service.url}/tiles/${path}`, { headers });
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const layers = bytes.length > 0 && reply.status === 200 ? new VectorTile(new Pbf(bytes)).layers : {};
  const [layer] = Object.values(layers);
  const features = layer ? Array.from({ length: layer.length }, (_, i) => layer.feature(i)) : [];
  return { status: reply.status, headers: reply.headers, name: layer?.name, features };
}

/** The tile of a place, by the formula of the square grid. */
export function tileAt(lon: number, lat: number, z: number): [z: number, x: number, y: number] {
  const radians = (Math.min(Math.max(lat, -85), 85) * Math.PI) / 180;
  const side = 2 ** z;
  const x = Math.min(Math.floor(((lon + 180) / 360) * side), side - 1);
  return [z, x, Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * side)];
}

/** West, south, east, north of a tile in degrees. */
export function boxOf([z, x, y]: [z: number, x: number, y: number]): [number, number, number, number] {
  const lat = (row: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** z))) / Math.PI) * 180;
  const lon = (column: number) => (column / 2 ** z) * 360 - 180;
  return [lon(x), lat(y + 1), lon(x + 1), lat(y)];
}
