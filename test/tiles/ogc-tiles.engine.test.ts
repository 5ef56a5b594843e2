import { beforeAll, describe, expect, it } from "vitest";
import { call, type Problem, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { readTile, tileAt } from "./read-tile.ts";

const service = useService();

interface Link {
  href: string;
  rel: string;
  type?: string;
  templated?: boolean;
}
type Linked = { links: Link[] } & Record<string, unknown>;

const SETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

async function follow<T = Linked>({ links }: { links: Link[] }, rel: string): Promise<T> {
  const link = links.find((one) => one.rel === rel);
  const { status, body } = await call<T>(service, (link?.href ?? "").slice(service.url.length));
  expect([rel, status]).toEqual([rel, 200]);
  return body;
}

beforeAll(() => sendNew(service, [trip({ trip_id: "a" }), trip({ trip_id: "b", source: "other" })]));

describe("OGC API – Tiles, by its requirements", () => {
  it("core/conformance-success: the classes are declared", async () => {
    const { body } = await call<{ conformsTo: string[] }>(service, "/ogc/conformance");
    for (const name of ["core", "tileset", "tilesets-list", "dataset-tilesets", "mvt"]) {
      expect(body.conformsTo).toContain(`http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/${name}`);
    }
  });

  it("dataset-tilesets, tilesets-list, tileset, core: from the landing page a client comes to a tile by links alone", async () => {
    const { body: landing } = await call<Linked>(service, "/ogc");
    const list = await follow<{ tilesets: Linked[] }>(landing, SETS);
    expect(list.tilesets).toHaveLength(4);
    for (const set of list.tilesets) {
      expect(set).toMatchObject({ dataType: "vector", crs: "http://www.opengis.net/def/crs/EPSG/0/3857" });
      const about = await follow(set, "self");
      expect(about.title).toBe(set.title);
      const scheme = await follow<{ id: string; tileMatrices: { matrixWidth: number; cellSize: number }[] }>(
        about,
        SCHEME,
      );
      expect([scheme.id, scheme.tileMatrices.at(3)?.matrixWidth]).toEqual(["WebMercatorQuad", 8]);
      expect(scheme.tileMatrices[0]?.cellSize).toBeCloseTo(156_543.033928, 5);
      const item = about.links.find(({ rel }) => rel === "item");
      expect(item).toMatchObject({ templated: true, type: "application/vnd.mapbox-vector-tile" });
      const [z, x, y] = tileAt(7.67, 45.05, 12);
      const filled = item?.href
        .replace("{tileMatrix}", `${z}`)
        .replace("{tileCol}", `${x}`)
        .replace("{tileRow}", `${y}`);
      const reply = await fetch(filled ?? "");
      await reply.arrayBuffer();
      expect([200, 204]).toContain(reply.status);
    }
  });

  it("a set hands its parameters on to the address of its tiles, and refuses what the tiles refuse", async () => {
    const { body } = await call<Linked>(service, "/ogc/tiles/cells?source=other");
    const href = body.links.find(({ rel }) => rel === "item")?.href ?? "";
    expect(href).toMatch(/\.mvt\?source=other$/);
    const { features } = await readTile(service, `cells/${tileAt(7.67, 45.05, 12).join("/")}?source=other`);
    expect(features.map(({ properties }) => properties.trips)).toEqual([1]);
    for (const path of ["/ogc/tiles/cells?hours=25", "/ogc/tiles?x=1", "/ogc/tileMatrixSets?x=1"]) {
      expect((await call<Problem>(service, path)).status).toBe(400);
    }
    expect((await call<Problem>(service, "/ogc/tiles/streets")).status).toBe(404);
  });
});
