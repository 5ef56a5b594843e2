import { beforeAll, describe, expect, it } from "vitest";
import { call, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

describe("counts", () => {
  beforeAll(() =>
    send(service, [
      ...["08", "08", "09"].map((hour, i) =>
        trip({
          source: "count",
          region: "A",
          driver_id: `d${i}`,
          weather: "rain",
          started_at: `2018-05-21T${hour}:00:0${i}`,
        }),
      ),
      trip({
        source: "count",
        region: "B",
        started_at: "2018-05-27T08:00:00",
        attributes: { weather: "sun", region: "inner" },
      }),
      trip({ source: "count", started_at: "2018-05-28T08:00:00", rider_id: "r", vehicle_model: "m" }),
    ]),
  );

  it.each<[string, unknown[][]]>([
    [
      "region",
      [
        ["A", 3],
        ["B", 1],
        [null, 1],
      ],
    ],
    [
      "week",
      [
        ["2018-W21", 4],
        ["2018-W22", 1],
      ],
    ],
    [
      "day",
      [
        ["2018-05-21", 3],
        ["2018-05-27", 1],
        ["2018-05-28", 1],
      ],
    ],
    [
      "hour",
      [
        [8, 4],
        [9, 1],
      ],
    ],
    [
      "weekday",
      [
        [1, 4],
        [7, 1],
      ],
    ],
    [
      "driver",
      [
        [null, 2],
        ["d0", 1],
        ["d1", 1],
        ["d2", 1],
      ],
    ],
    [
      "rider",
      [
        [null, 4],
        ["r", 1],
      ],
    ],
    [
      "vehicle_model",
      [
        [null, 4],
        ["m", 1],
      ],
    ],
    [
      "weather",
      [
        ["rain", 3],
        ["sun", 1],
        [null, 1],
      ],
    ],
    [
      "attributes.weather",
      [
        ["rain", 3],
        ["sun", 1],
        [null, 1],
      ],
    ],
    [
      "attributes.region",
      [
        [null, 4],
        ["inner", 1],
      ],
    ],
    ['it\'s "odd"', [[null, 5]]],
    [
      "region,hour",
      [
        ["A", 8, 2],
        ["A", 9, 1],
        ["B", 8, 1],
        [null, 8, 1],
      ],
    ],
    [
      "weather,week",
      [
        ["rain", "2018-W21", 3],
        ["sun", "2018-W21", 1],
        [null, "2018-W22", 1],
      ],
    ],
  ])("by %s", async (by, expected) => {
    const path = `/v1/trips/count?source=count&by=${encodeURIComponent(by)}`;
    const { body } = await call<{ counts: Record<string, unknown>[] }>(service, path);
    expect(body).toMatchObject({ by: by.split(","), total: 5, truncated: false });
    expect(body.counts.map((row) => [...by.split(",").map((name) => row[name]), row.trips])).toEqual(expected);
  });

  it.each(["trips", "region,trips"])("cannot be by %s, the count's own name in the reply", async (by) => {
    const { status, body } = await call(service, `/v1/trips/count?source=count&by=${by}`);
    expect([status, body.code]).toEqual([400, "invalid_parameter"]);
  });

  it("say that there are more groups than asked for, and count them all the same", async () => {
    const { body } = await call(service, "/v1/trips/count?source=count&by=region&limit=2");
    expect(body).toMatchObject({ total: 5, truncated: true, counts: [{ trips: 3 }, { trips: 1 }] });
  });
});
