import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";

const TRIPGRID = join(import.meta.dirname, "../../src/tripgrid.js");
const PASSWORD = "a long and good one";

let database: TestDatabase;
let services: SpawnedService[];
let urls: string[];

beforeAll(async () => {
  database = await freshDatabase();
  services = [spawnService(database.env), spawnService(database.env)];
  urls = await Promise.all(services.map((service) => service.listening()));
});
afterAll(async () => {
  for (const service of services ?? []) service.kill("SIGTERM");
  await Promise.all((services ?? []).map((service) => service.exited));
  await database?.drop();
});

function tripgrid(args: string[], more: Record<string, string> = {}, input = "") {
  return new Promise<{ status: number | null; out: string; error: string }>((ended) => {
    const env = { PATH: process.env.PATH, ...database.env, ...more };
    const child = execFile(process.execPath, [TRIPGRID, ...args], { env, timeout: 600_000 }, (_, out, error) =>
      ended({ status: child.exitCode, out, error }),
    );
    child.stdin?.end(input);
  });
}

/** A request under way is cut when its credential ends: 0. */
const statusAt = async (url: string, key: string | undefined) => {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const asked = fetch(`${url}/v1/trips/count?by=source`, { headers });
  return asked.then(
    ({ status }) => status,
    () => 0,
  );
};

/** Waits until every process answers so. They look every two seconds; only what hangs takes long. */
async function untilAllSay(status: number, key: string | undefined): Promise<void> {
  for (const url of urls) {
    while ((await statusAt(url, key)) !== status) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it("keys and users are made by a command, hold in every process, and end there", async () => {
  for (const url of urls) expect(await statusAt(url, undefined)).toBe(200);
  const added = await tripgrid(["keys", "add", "analyst", "--scope", "read"]);
  expect([added.status, added.out]).toEqual([0, expect.stringMatching(/^tg_[\w-]{49}\n$/)]);
  const key = added.out.trim();
  await untilAllSay(401, undefined);
  await untilAllSay(200, key);

  const listed = await tripgrid(["keys", "list"]);
  expect(listed.out).toMatch(/^[0-9a-f-]{36} {2}analyst {2}read {2}all trips {2}does not expire\n$/);
  expect(listed.out).not.toContain(key);

  // Through the service, with a key that may.
  const refused = await tripgrid(["keys", "list", "--url", urls[0] ?? ""], { TRIPGRID_API_KEY: key });
  expect([refused.status, refused.error]).toEqual([1, expect.stringContaining("scope admin")]);

  const limits = ["--max-requests-per-s", "50", "--max-mb-per-s", "0.5", "--max-questions", "2"];
  const limited = await tripgrid(["keys", "add", "limited", ...limits]);
  expect(limited.error).toContain("  max_requests_per_s=50  max_mb_per_s=0.5  max_questions=2\n");
  expect((await tripgrid(["keys", "list"])).out).toMatch(/limited .*max_requests_per_s=50 .*\n.*analyst/);

  const user = await tripgrid(["users", "add", "ana", "--scope", "read,admin"], {}, `${PASSWORD}\n`);
  expect([user.status, user.error]).toEqual([0, expect.stringContaining("ana  read,admin  all trips")]);
  const login = await fetch(`${urls[1]}/v1/tokens`, {
    method: "POST",
    body: new URLSearchParams({ username: "ana", password: PASSWORD }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  await untilAllSay(200, token);
  const byService = await tripgrid(["keys", "add", "other", "--url", urls[0] ?? ""], { TRIPGRID_API_KEY: token });
  expect(byService.status).toBe(0);
  expect((await tripgrid(["rollups", "status", "--url", urls[0] ?? ""], { TRIPGRID_API_KEY: token })).status).toBe(0);
  expect((await tripgrid(["rollups", "status", "--url", urls[0] ?? ""])).status).toBe(1);

  expect((await tripgrid(["keys", "revoke", "analyst"])).status).toBe(0);
  await untilAllSay(401, key);
  expect((await tripgrid(["keys", "revoke", "analyst"])).error).toContain("There is no key analyst");
  expect((await tripgrid(["users", "remove", "ana"])).status).toBe(0);
  await untilAllSay(401, token);

  // What was done without a service is in the audit log as well.
  const audit = await tripgrid(["keys", "add", "auditor", "--scope", "admin"]);
  const reply = await fetch(`${urls[0]}/v1/audit?actor=command%20line`, {
    headers: { authorization: `Bearer ${audit.out.trim()}` },
  });
  const { entries } = (await reply.json()) as { entries: { action: string }[] };
  expect(entries.map(({ action }) => action).reverse()).toEqual([
    "POST /v1/keys",
    "POST /v1/keys",
    "POST /v1/users",
    "DELETE /v1/keys/{id}",
    "DELETE /v1/users/{username}",
    "POST /v1/keys",
  ]);
});

it.each([
  [["keys"], "expected add, list, revoke, generate"],
  [["keys", "add"], "expected one name"],
  [["keys", "add", "x", "--scope", "root"], "--scope: expected some of"],
  [["keys", "add", "x", "--source", "a", "--region", "b"], "expected --source or --region"],
  [["keys", "add", "x", "--expires", "2020-01-01"], "--expires: expected"],
  [
    ["keys", "add", "x", "--max-questions", "1.5"],
    "--max-questions: expected a whole number from 1 to 1000, but got 1.5",
  ],
  [["keys", "add", "x", "--max-rows-per-s", ""], "--max-rows-per-s: expected a number from 0 to 1000000000"],
  [["users", "add", "x", "--max-questions", "2"], "--max-questions: only keys have limits"],
  [["users", "list", "all"], "expected nothing more"],
])("%j is not understood", async (args, words) => {
  const { status, error } = await tripgrid(args);
  expect([status, error]).toEqual([2, expect.stringContaining(words)]);
});
