import fc from "fast-check";
import { expect, it } from "vitest";
import { callJson, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

type Point = [number, number];

/** A ring around a point of the grid, with corners at random distances: up to three cells of 0.01 degrees. */
const ring = fc
  .array(fc.double({ min: 0.002, max: 0.03, noNaN: true }), { minLength: 5, maxLength: 12 })
  .map((radii): Point[] => {
    const corners = radii.map((radius, i): Point => {
      const angle = (2 * Math.PI * i) / radii.length;
      return [7.7 + radius * Math.cos(angle), 45.1 + radius * Math.sin(angle)];
    });
    return [...corners, corners[0] as Point];
  });

/** Points around it, some on lines of the grid. */
const origin = fc.oneof(
  fc.tuple(fc.double({ min: 7.66, max: 7.74, noNaN: true }), fc.double({ min: 45.06, max: 45.14, noNaN: true })),
  fc
    .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }))
    .map(([x, y]): Point => [7.7 + x / 100, 45.1 + y / 100]),
);

let made = 0;

it("counts the origins outside a boundary as PostGIS does, whatever is known of its cells", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(ring, { minLength: 2, maxLength: 3 }),
      fc.array(fc.array(origin, { minLength: 1, maxLength: 25 }), { minLength: 2, maxLength: 4 }),
      async (rings, batches) => {
        const region = `inside-${++made}`;
        for (const [version, coordinates] of rings.entries()) {
          const boundary = { type: "Polygon", coordinates: [coordinates] };
          const put = await callJson(service, "PUT", `/v1/regions/${region}`, { boundary });
          expect(put.status).toBeLessThan(300);
          for (const [n, points] of batches.entries()) {
            const rows = points.map((at, i) =>
              trip({ source: region, region, trip_id: `${version}-${n}-${i}`, origin: at }),
            );
            const { status, body } = await send(service, rows);
            expect(status).toBe(200);
            const [expected] = await service.sql<{ rows: number }[]>`
              select count(*)::int as rows from unnest(${points.map(([x]) => x)}::float8[], ${points.map(([, y]) => y)}::float8[]) p (x, y)
              where not st_intersects(st_setsrid(st_geomfromgeojson(${JSON.stringify(boundary)}), 4326),
                                      st_setsrid(st_makepoint(p.x, p.y), 4326))`;
            const told = body.warnings?.find(({ code }) => code === "outside_boundary")?.rows ?? 0;
            expect({ region, version, n, told }).toEqual({ region, version, n, told: expected?.rows });
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});
