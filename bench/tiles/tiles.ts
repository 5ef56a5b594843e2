import { parseArgs } from "node:util";
import { createKysely } from "../../src/database/kysely.ts";
import { withArea } from "../../src/geo/area-question.ts";
import { refreshCellProfiles } from "../../src/rollups/cell-profiles.db.ts";
import { type LayerId, QUERIES } from "../../src/tiles/layers.ts";
import type { Tile } from "../../src/tiles/tile.ts";
import type { DataState, DrawnTile, DrawTile } from "../../src/tiles/tiles.ts";
import { wireTiles } from "../../src/tiles/tiles.wiring.ts";
import type { Wiring } from "../../src/wiring.ts";
import { type AreaDatabase, openAreaDatabase } from "../areas/area-database.ts";
import { fill } from "../areas/area-fill.ts";
import { KM_PER_DEGREE, kmPerLon, PLACES } from "../areas/area-places.ts";
import { digits, quantile, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";

/** The questions that a map asks of each layer. */
const FILTERS: Readonly<Record<string, string>> = {
  all: "",
  quarter: "from=2025-07-07&to=2025-10-05",
  hours: "hours=7-9",
  days: "days=mon-fri",
  "hours of a quarter": "hours=7-9&days=mon-fri&from=2025-07-07&to=2025-10-05",
  source: "source=velvet",
  "hours of a source": "hours=22-4&source=velvet",
  both: "match=both",
  either: "match=either",
};
const ONLY: Partial<Record<LayerId, readonly string[]>> = {
  clusters: ["all", "quarter", "hours", "source"],
  regions: ["all", "quarter", "hours", "source"],
  trips: ["all", "quarter", "hours", "source", "hours of a source"],
};
const LAYERS = ["cells", "clusters", "regions", "trips"] as const;
const ZOOMS = [10, 11, 12, 13, 14];

/**
 * How long do the tiles of cities take, drawn one after the other as by a map that was moved, at the zoom levels of a
 * city? Nothing is taken from a browser's memory.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...{ engine: { type: "string" }, trips: { type: "string", default: "1000000" } },
      ...{ regions: { type: "string" }, layers: { type: "string", default: LAYERS.join() } },
      save: { type: "boolean", default: false },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  const regions = values.regions?.split(",");
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const target = await openTarget(values.engine, process.env.DATABASE_URL || undefined);
  try {
    const db = await openAreaDatabase(target);
    try {
      await fill(db, trips, print, true, regions);
      const started = performance.now();
      while (await refreshCellProfiles(db.sql, db.engine, { atOnce: true }));
      print(`made the profiles in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      const places = PLACES.filter(([name]) => regions?.includes(name) ?? true);
      await drawBoundaries(db);
      const { drawTile, readDataState } = wireTiles({ questions: db.sql, db: createKysely(db.sql) } as Wiring);
      const rows: (string | number)[][] = [];
      const result: Record<string, number> = {};
      for (const layer of LAYERS.filter((one) => values.layers.split(",").includes(one))) {
        for (const name of ONLY[layer] ?? Object.keys(FILTERS)) {
          const draw = drawerOf(drawTile, layer, FILTERS[name] ?? "", await readDataState());
          const ofAll = { times: [] as number[], bytes: 0 };
          const tell = (zoom: string, { times, bytes }: Measured) => {
            const sorted = times.toSorted((a, b) => a - b);
            const [half, most, all] = [0.5, 0.95, 1].map((share) => digits(quantile(sorted, share), 3)) as [
              number,
              number,
              number,
            ];
            const key = `${layer}_${name.replaceAll(" ", "_")}_z${zoom}`;
            Object.assign(result, { [`${key}_p50_ms`]: half, [`${key}_p95_ms`]: most, [`${key}_max_ms`]: all });
            rows.push([layer, name, zoom, times.length, half, most, all, bytes]);
          };
          for (const z of ZOOMS) {
            const measured = await measure(
              draw,
              places.flatMap((place) => tilesOf(place, z)),
            );
            tell(String(z), measured);
            ofAll.times.push(...measured.times);
            ofAll.bytes = Math.max(ofAll.bytes, measured.bytes);
          }
          tell(`${ZOOMS[0]}-${ZOOMS.at(-1)}`, ofAll);
        }
      }
      print(table(["layer", "filters", "zoom", "tiles", "p50 ms", "p95 ms", "max ms", "largest, bytes"], rows, 2));
      const [stored] = await db.sql<{ count: number; profiles: number }[]>`
        select count(*) as count, pg_total_relation_size('tripgrid_internal.cell_profiles') as profiles from tripgrid.trips`;
      const { count, profiles } = stored ?? { count: 0, profiles: 0 };
      print(`profiles take ${digits(profiles / count, 3)} bytes a trip`);
      const about = {
        trips: count,
        profile_bytes_a_trip: digits(profiles / count, 3),
        ...(regions ? { regions: regions.join(", ") } : {}),
      };
      if (values.save) {
        print(`saved: ${saveResult(`tiles-${db.engine}-${trips}`, await versionsOf(db.sql), { ...about, ...result })}`);
      }
    } finally {
      await db.stop();
    }
  } finally {
    target.stop();
  }
}

type Draw = (tile: Tile) => Promise<DrawnTile>;

/** Draws tiles of a layer with filters, as its address does. */
function drawerOf(drawTile: DrawTile, layer: LayerId, filters: string, state: DataState): Draw {
  const asked = Object.fromEntries(new URLSearchParams(filters));
  if (layer === "clusters") {
    const question = withArea(QUERIES.clusters.parse(asked));
    return (tile) => drawTile.clusters(tile, question, state);
  }
  const question = QUERIES[layer].parse(asked);
  return (tile) => drawTile[layer](tile, question, state);
}

interface Measured {
  times: number[];
  /** Of the largest tile. */
  bytes: number;
}

async function measure(draw: Draw, tiles: readonly Tile[]): Promise<Measured> {
  const times: number[] = [];
  let bytes = 0;
  for (const tile of tiles) {
    const started = performance.now();
    bytes = Math.max(bytes, (await draw(tile)).bytes.length);
    times.push(performance.now() - started);
  }
  return { times, bytes };
}

/** Gives each region a boundary of as many points as those of real cities have. */
async function drawBoundaries({ sql }: AreaDatabase): Promise<void> {
  for (const [name, lon, lat, km] of PLACES) {
    const ring = Array.from({ length: BOUNDARY_POINTS + 1 }, (_, i) => {
      const angle = (2 * Math.PI * (i % BOUNDARY_POINTS)) / BOUNDARY_POINTS;
      const reach = km * (1 + 0.1 * Math.sin(9 * angle) + 0.03 * Math.sin(83 * angle));
      return [lon + (reach * Math.cos(angle)) / kmPerLon(lat), lat + (reach * Math.sin(angle)) / KM_PER_DEGREE];
    });
    const boundary = JSON.stringify({ type: "Polygon", coordinates: [ring] });
    await sql`update tripgrid.regions set boundary = st_multi(st_geomfromgeojson(${boundary})), is_defined = true where name = ${name}`;
  }
}
const BOUNDARY_POINTS = 2000;

/** The tiles around the middle of a city: three by three, as a screen shows them. */
function tilesOf([, lon, lat]: (typeof PLACES)[number], z: number): Tile[] {
  const side = 2 ** z;
  const x = Math.floor(((lon + 180) / 360) * side);
  const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * side);
  return [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => ({ z, x: x + dx, y: y + dy })));
}
