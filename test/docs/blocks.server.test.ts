import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, send, sendNew, trip } from "../harness/api.ts";
import { engine, startTestService, type TestService } from "../harness/index.ts";
import { type Block, blocksOf, PAGES } from "./harness/blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Pages whose blocks of some languages another test runs, since it knows what they answer. */
const ELSEWHERE: { page: string; languages: string[]; test: string }[] = [
  { page: "docs/bi.md", languages: ["sql"], test: "test/bi/bi-tools.server.test.ts" },
  { page: "docs/query.md", languages: ["json", "csv"], test: "test/queries/query-docs.engine.test.ts" },
  { page: "docs/mappings.md", languages: ["json", "csv"], test: "test/docs/mappings.test.ts" },
  { page: "docs/backup.md", languages: ["sh"], test: "test/docs/backup.server.test.ts" },
  { page: "docs/upgrade.md", languages: ["sh"], test: "test/docs/backup.server.test.ts" },
];
const elsewhere = ({ page, language }: Block) =>
  ELSEWHERE.find((one) => one.page === page && one.languages.includes(language));

/** A batch as the pages write it, whole or shortened. */
const BATCH = /5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11|5e0c…/g;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const blocks = PAGES.flatMap(blocksOf);
const title = ({ page, line, language }: Block) => `${page}:${line} ${language}`;
/** A picture is read by people alone. */
const isPicture = ({ language }: Block) => language === "mermaid";
const toRun = blocks.filter((block) => block.note === undefined && !elsewhere(block) && !isPicture(block));
const named = (...languages: string[]) =>
  toRun.filter(({ language }) => languages.includes(language)).map((block) => [title(block), block] as const);

it("every code block is run here, is run by another test, or says why not", () => {
  const known = ["sh", "console", "sql", "json", "js"];
  expect(toRun.filter(({ language }) => !known.includes(language)).map(title)).toEqual([]);
  for (const { note } of blocks) if (note !== undefined) expect(note).toMatch(/^(not run|run by test\/\S+): ./);
  for (const { page, test } of ELSEWHERE) {
    // A page is named in full, or joined of its folder and its name.
    expect(read(test)).toContain(page);
    expect(existsSync(join(ROOT, page))).toBe(true);
  }
  expect(blocks.length).toBeGreaterThan(70);
});

it.each(named("json"))("%s is JSON", (_, { text: json }) => {
  // What is left out of an answer is shown as an ellipsis.
  const whole = json.replace(/,\s*…(?=[\]}])/g, "").replace(/(?<=[[{])…(?=[\]}])/g, "");
  expect(() =>
    whole
      .trim()
      .split(/\n(?=\{)/)
      .map((one) => JSON.parse(one)),
  ).not.toThrow();
});

it("docs/callbacks.md: the function without a library knows our signature", async () => {
  const source = blocks.find(
    ({ page, text: js }) => page === "docs/callbacks.md" && js.includes("function isOurs"),
  )?.text;
  const module = `data:text/javascript,${encodeURIComponent(`${source}\nexport { isOurs };`)}`;
  const { isOurs } = (await import(module)) as { isOurs: (headers: object, body: string, secret: string) => boolean };
  const now = new Date();
  const body = '{"batch_id":"5e0c"}';
  const headers = {
    "webhook-id": "5e0c",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign("5e0c", now, body),
  };
  expect(isOurs(headers, body, SECRET)).toBe(true);
  expect(isOurs(headers, `${body} `, SECRET)).toBe(false);
});

// What SQL does not decide is tried on one engine.
describe.skipIf(engine !== "postgres")("with a service", () => {
  let service: TestService;
  let folder: string;
  let batch: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tg-docs-"));
    const inboxFolder = join(folder, "inbox");
    mkdirSync(inboxFolder);
    service = await startTestService({ callbackSecret: SECRET, inboxFolder });
    const boundary = JSON.parse(read("geo/turin.geojson"));
    expect((await callJson(service, "PUT", "/v1/regions/Turin", boundary)).status).toBeLessThan(300);
    const rows = Array.from({ length: 60 }, (_, i) =>
      trip({
        trip_id: `d${i}`,
        source: "demo",
        region: "Turin",
        origin: [7.68, 45.07],
        destination: [7.66, 45.05],
        started_at: `2025-0${1 + (i % 3)}-1${i % 9}T0${7 + (i % 3)}:00:00`,
      }),
    );
    await sendNew(service, rows);
    batch = (await send(service, [trip({ trip_id: "ok" }), trip({ trip_id: "bad", origin: [7.67, 131] })])).body
      .batch_id;
    const csv = "trip_id,source,started_at,origin_lon,origin_lat\nf1,files,2018-05-21T08:00:00,7.67,45.05\n";
    const [bikes = ""] = blocks
      .filter(({ page, language }) => page === "docs/mappings.md" && language === "csv")
      .map((one) => one.text);
    const [bikeShare = ""] = blocks
      .filter(({ page, language }) => page === "docs/mappings.md" && language === "json")
      .map((one) => one.text);
    const files = {
      "trips.csv": csv,
      "bikes.csv": bikes,
      "bike-share.json": bikeShare,
      "weekly.json": '{"by": ["week"]}',
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    writeFileSync(join(folder, "trips.csv.gz"), gzipSync(csv.replace("f1", "f2")));
    writeFileSync(join(inboxFolder, "trips.csv"), csv);
  });
  afterAll(async () => {
    await service?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs commands as a reader pastes them, but against the service of this test and with the project as `npm` and `npx` see it. */
  async function run(commands: string): Promise<string> {
    const { port } = new URL(service.url);
    const script = commands
      .replaceAll(/(127\.0\.0\.1|localhost):8080/g, `127.0.0.1:${port}`)
      .replaceAll(BATCH, batch)
      .replaceAll("@geo/", `@${ROOT}/geo/`)
      .replaceAll("npx tripgrid", `node ${ROOT}/src/tripgrid.js`)
      .replaceAll("npm run load --", `node ${ROOT}/src/tripgrid.js load`);
    // A stream of events has no end of its own.
    const curl = `curl() {
      case " $* " in *" -N "*) command curl --silent --max-time 2 "$@" || [ $? = 28 ];;
      *) command curl --silent --show-error --fail-with-body --max-time 120 "$@";; esac; }`;
    const child = spawn("bash", ["-euo", "pipefail", "-c", `${curl}\n${script}`], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        PORT: port,
        DATABASE_URL: service.database.databaseUrl,
        TRIPGRID_DATA_DIR: join(folder, "data"),
      },
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await once(child, "exit");
    const [stdout, stderr] = await output;
    expect([status, stderr.slice(0, 2000), status === 0 ? "" : stdout.slice(0, 2000)]).toMatchObject([
      0,
      expect.anything(),
      "",
    ]);
    return stdout;
  }

  it.each(named("sh"))("%s works when it is pasted", async (_, block) => {
    await run(block.text);
  });

  it.each(named("console"))("%s works when it is pasted", async (_, block) => {
    const commands = block.text.split("\n").flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []));
    expect(commands.length).toBeGreaterThan(0);
    await run(commands.join("\n"));
  });

  it.each(named("sql"))("%s is answered", async (_, block) => {
    await service.sql.unsafe(block.text);
  });
});
