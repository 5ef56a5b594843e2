import { describe, expect, it } from "vitest";
import { engine, useService } from "../harness/index.ts";

const trip = (id: string, started_at: string, origin: [number, number]) => ({
  trip_id: id,
  source: "smoke",
  region: "Turin",
  started_at,
  origin,
  destination: [7.72, 45.06],
});

describe("trips that are sent", () => {
  const service = useService();

  it("are counted by the week, on average", async () => {
    const sent = await fetch(`${service.url}/v1/trips`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([
        trip("a", "2018-05-21T02:54:04", [7.67, 44.99]),
        trip("b", "2018-05-27T23:59:59", [7.67, 44.99]),
        trip("c", "2018-06-04T00:00:00", [7.67, 44.99]),
        trip("elsewhere", "2018-05-21T02:54:04", [9.19, 45.46]),
      ]),
    });
    expect(await sent.json()).toMatchObject({ state: "committed", received: 4, inserted: 4 });

    const asked = await fetch(`${service.url}/v1/weekly-averages?bbox=7.6,44.9,7.7,45.1`);
    expect(asked.status).toBe(200);
    expect(await asked.json()).toMatchObject({
      window: { from: "2018-05-21", to: "2018-06-11" },
      trips: 3,
      weeks_in_window: 3,
      average: 1,
      weeks_with_trips: 2,
      weeks: [
        { week: "2018-W21", trips: 2 },
        { week: "2018-W22", trips: 0 },
        { week: "2018-W23", trips: 1 },
      ],
    });
  });

  it("are on the engine that this run is for", async () => {
    const [settings] = await service.sql<{ engine: string }[]>`select engine from tripgrid.settings`;
    expect(settings?.engine).toBe(engine);
  });
});
