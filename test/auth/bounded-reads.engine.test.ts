/**
 * What a bound caller reads does not depend on what others have sent: the addresses of the OpenAPI document give the same
 * answers before and after. A new address fails here until `PATHS` or `BODIES` says how it is asked, or `WRITES` that it reads
 * nothing.
 */
import { beforeAll, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { tileAt } from "../tiles/read-tile.ts";
import { as, makeKey } from "./support.ts";

const service = useService();
/** In every name that others use, and in no other. */
const FOREIGN = "zzforeign";
/** The region of others' trips that no caller with a region has. */
const ELSEWHERE = "zzelsewhere";
const AREA = {
  type: "Polygon",
  coordinates: [
    [
      [7, 44],
      [9, 44],
      [9, 46],
      [7, 46],
      [7, 44],
    ],
  ],
};
const NOWHERE = "00000000-0000-4000-8000-000000000000";
const [Z, X, Y] = tileAt(7.67, 45.05, 6);

/** Paths and questions of addresses that need parameters, and of those that find more with some. */
const PATHS: Record<string, string[]> = {
  "/v1/trips": ["?limit=2", "?bbox=7,44,9,46", `?source=mine`],
  "/v1/trips/count": ["source", "region", "week", "day", "hour"].map((by) => `?by=${by}`),
  "/v1/trips/{source}/{trip_id}": ["/mine/m1", `/${FOREIGN}/${FOREIGN}-0`],
  "/v1/batches/{id}": ["/BATCH", "/OTHERS"],
  "/v1/batches/{id}/rejects": ["/BATCH/rejects", "/OTHERS/rejects"],
  "/v1/batches/{id}/events": ["/BATCH/events", "/OTHERS/events"],
  "/v1/weekly-averages": ["?bbox=7,44,9,46", "?hours=7-9&method=exact", "?circle=7.67,45.05,2000"],
  "/v1/clusters": ["?precision=5", "?group=hotspots&format=geojson&bbox=7,44,9,46", "?order=distance&limit=3"],
  "/v1/clusters/{id}": ["/CLUSTER"],
  "/v1/clusters/{id}/trips": ["/CLUSTER/trips"],
  "/v1/mappings/{name}": ["/native"],
  "/v1/queries/{name}": ["/own", `/${FOREIGN}`],
  "/v1/queries/{name}/result": ["/own/result", `/${FOREIGN}/result`],
  "/tiles/cells/{z}/{x}/{y}": [`/${Z}/${X}/${Y}`],
  "/tiles/clusters/{z}/{x}/{y}": [`/${Z}/${X}/${Y}`],
  "/tiles/regions/{z}/{x}/{y}": [`/${Z}/${X}/${Y}`],
  "/tiles/trips/{z}/{x}/{y}": [`/${Z}/${X}/${Y}`],
  "/v1/export/trips": ["?format=csv", "?format=geojson", "?format=ndjson"],
  "/v1/export/cells": ["?format=csv&precision=6", "?format=geojson"],
  "/v1/export/clusters": ["?format=csv", "?format=geojson"],
  "/vehicles": [`?datasource=mine`],
  "/vehicles/{id}": ["/m1", `/${FOREIGN}-0`],
};

/** Bodies of the addresses that read by POST. */
const BODIES: Record<string, object[]> = {
  "/v1/weekly-averages": [{ area: AREA }],
  "/v1/weekly-averages/by-area": [{ areas: [AREA] }],
  "/v1/clusters": [{ area: AREA }],
  "/v1/query": [
    { by: ["source"] },
    { by: ["region", "week"] },
    { by: ["driver"], where: { not: { source: "mine" } } },
    { where: { region: FOREIGN } },
  ],
  "/v1/export/by-area": [{ areas: [AREA] }],
  "/v1/export/query": [{ by: ["source", "region"] }],
};

/** What these store is in bounds.engine.test.ts. None of them reads trips. */
const WRITES = [
  "/v1/trips",
  "/v1/batches/{id}/rejects",
  "/xride_data",
  "/v1/tokens",
  "/v1/tokens/revoke",
  "/v1/passwords",
];
/** Streams without an end, which bounds.engine.test.ts follows. */
const ENDLESS = ["/v1/events"];

interface Operation {
  method: string;
  path: string;
  parameters: { name: string; required?: boolean }[];
}

type Caller = ReturnType<typeof as>;
let operations: Operation[];
let everybody: Caller;
let bySource: Caller & { key: string };
let byRegion: Caller & { key: string };
const ids: Record<string, string> = {};

beforeAll(async () => {
  const caller = async (more: { source?: string; region?: string }) => {
    const { key } = await makeKey(service, ["ingest", "read", "trips", "admin"], more);
    return { ...as(service, key), key };
  };
  [everybody, bySource, byRegion] = [
    await caller({}),
    await caller({ source: "mine" }),
    await caller({ region: "Turin" }),
  ];
  const { paths } = (
    await everybody.get<{ paths: Record<string, Record<string, { parameters?: Operation["parameters"] }>> }>(
      "/openapi.json",
    )
  ).body;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
    })),
  );
  const own = ["m1", "m2", "m3", "m4"].map((trip_id) =>
    trip({ trip_id, source: "mine", region: "Turin", destination: [7.7, 45.1], driver_id: "d1" }),
  );
  const sent = await bySource.post<Receipt>("/v1/trips", [...own, { source: "mine", origin: 1 }]);
  expect(sent.body).toMatchObject({ inserted: 4, rejected: 1 });
  ids.BATCH = sent.body.batch_id;
  expect((await bySource.put("/v1/queries/own", { by: ["source", "region"] })).status).toBe(201);
  const { body } = await bySource.get<{ clusters: { id: string }[] }>("/v1/clusters");
  ids.CLUSTER = body.clusters[0]?.id ?? "";
});

/** Sends trips of others, at the same places and moments as the own ones, and a row that is rejected. */
async function othersSend(source: string, region: string, prefix: string): Promise<string> {
  const sent = await everybody.post<Receipt>("/v1/trips", [
    ...[0, 1, 2, 3, 4].map((n) =>
      trip({
        ...{ source, region, trip_id: `${prefix}-${n}`, driver_id: FOREIGN, destination: [7.7, 45.1] },
        attributes: { note: FOREIGN },
      }),
    ),
    { source: FOREIGN, origin: FOREIGN },
  ]);
  expect(sent.body).toMatchObject({ inserted: 5, rejected: 1 });
  return sent.body.batch_id;
}

interface Asked {
  method: string;
  path: string;
  body?: object;
  /** Nothing above says how the address is asked, so it must be for callers without a bound. */
  isUnlisted?: true;
}

/** All requests that read. */
function requests(): Asked[] {
  return operations.flatMap(({ method, path, parameters }): Asked[] => {
    if (ENDLESS.includes(path)) return [];
    const unlisted: Asked = { method, path: path.replace(/\{\w+\}/g, NOWHERE), isUnlisted: true };
    if (method === "POST") {
      if (WRITES.includes(path)) return [];
      return BODIES[path]?.map((body) => ({ method, path, body })) ?? [{ ...unlisted, body: {} }];
    }
    if (method !== "GET") return [];
    const paths = (PATHS[path] ?? []).map((more) => path.replace(/\/\{.*/, "") + more);
    if (path.includes("{")) return paths.length > 0 ? paths.map((one) => ({ method, path: one })) : [unlisted];
    const named = parameters.map(({ name }) => name);
    const narrowed = ["source", "datasource", "region"]
      .filter((name) => named.includes(name))
      .map(
        (name) => `${path}?${name}=${name === "region" ? ELSEWHERE : FOREIGN}${named.includes("by") ? "&by=week" : ""}`,
      );
    const alone = parameters.some(({ required }) => required) ? [] : [path];
    return [...alone, ...paths, ...narrowed].map((one) => ({ method, path: one }));
  });
}

/** What a caller is told: the status and the body of each reply, without those that are for callers without a bound. */
async function ask({ key }: { key: string }): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  const unlisted: string[] = [];
  for (const { method, path, body, isUnlisted } of requests()) {
    const request = `${method} ${path}${body ? ` ${JSON.stringify(body)}` : ""}`;
    const real = path.replace(/BATCH|OTHERS|CLUSTER/, (name) => encodeURIComponent(ids[name] ?? NOWHERE));
    const reply = await fetch(service.url + real, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = Buffer.from(await reply.arrayBuffer()).toString("latin1");
    if (reply.status === 403 && text.includes("for credentials without such a bound")) continue;
    if (isUnlisted) unlisted.push(request);
    told.set(request, `${reply.status} ${withoutClock(text)}`);
  }
  expect(unlisted).toEqual([]);
  return told;
}

/** Without what tells the time and what names a request. */
const withoutClock = (text: string) =>
  text.replace(/"(timeStamp|data_as_of|request_id)":"[^"]*"/g, '"$1":""').replaceAll(ids.OTHERS ?? NOWHERE, "OTHERS");

/** The replies with a word that their requests do not have. */
const repliesWith = (word: string, told: ReadonlyMap<string, string>) =>
  [...told].filter(([request, reply]) => !request.includes(word) && reply.includes(word)).map(([request]) => request);

const listed = (told: ReadonlyMap<string, string>) => Object.fromEntries(told);

it("whatever others send, a bound caller is told the same", { timeout: 600_000 }, async () => {
  const alone = await ask(bySource);
  const withStatus = (status: number) => [...alone].filter(([, reply]) => reply.startsWith(`${status}`));
  expect(withStatus(200).length).toBeGreaterThan(60);
  expect(withStatus(400)).toEqual([]);
  expect((await everybody.put(`/v1/queries/${FOREIGN}`, { by: ["source"] })).status).toBe(201);
  await othersSend(FOREIGN, "Turin", FOREIGN);
  ids.OTHERS = await othersSend(FOREIGN, ELSEWHERE, ELSEWHERE);
  const beside = await ask(bySource);
  expect(listed(beside)).toEqual(listed(alone));
  expect([...repliesWith(FOREIGN, beside), ...repliesWith(ELSEWHERE, beside)]).toEqual([]);
  // The same from the rollups.
  await refreshRollups(service.sql, service.prepared.engine);
  await refreshTotals(service.sql, service.prepared.engine, true);
  expect(listed(await ask(bySource))).toEqual(listed(alone));

  const inTurin = await ask(byRegion);
  expect(repliesWith(ELSEWHERE, inTurin)).toEqual([]);
  await othersSend("mine", ELSEWHERE, `mine-${ELSEWHERE}`);
  expect(listed(await ask(byRegion))).toEqual(listed(inTurin));
});
