import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tokens } from "../../src/auth/logins.ts";
import { createClient } from "../../src/database/client.ts";
import { as } from "../auth/support.ts";
import { trip } from "../harness/api.ts";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";
import { secretIn } from "../harness/leaks.ts";

const PASSWORD = "the seventh secret garden";
const WRONG = "wrong donkey charger";
const JWT_SECRET = "0123456789 a secret that is shared";
const BROKER_PASSWORD = "the ninth secret of brokers";
const DATABASE_PASSWORD = "eleven-secret-elephants";
const CALLBACK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

let database: TestDatabase;
let service: SpawnedService;
let url: string;
/** Everything that nobody but its owner may see. */
const secrets = new Map<string, string>([
  ["password", PASSWORD],
  ["wrong password", WRONG],
  ["secret of the issuer", JWT_SECRET],
  ["secret of callbacks", CALLBACK_SECRET],
  ["password of the broker", BROKER_PASSWORD],
  ["password of the database", DATABASE_PASSWORD],
]);
const replies: string[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  service = spawnService({
    ...database.env,
    TRIPGRID_LOG_LEVEL: "trace",
    // The server of the tests takes any password of its superuser, unless its address has one.
    DATABASE_URL: (database.databaseUrl ?? "").replace(/^(\w+:\/\/\w+)@/, `$1:${DATABASE_PASSWORD}@`),
    TRIPGRID_CALLBACK_SECRET: CALLBACK_SECRET,
    // Nothing listens there, so the log tells of it again and again.
    TRIPGRID_BROKER_URL: "nats://127.0.0.1:1",
    TRIPGRID_TRIPS_TOPIC: "trips",
    TRIPGRID_BROKER_USER: "fleet",
    TRIPGRID_BROKER_PASSWORD: BROKER_PASSWORD,
    ...{
      TRIPGRID_JWT_SECRET: JWT_SECRET,
      TRIPGRID_JWT_ISSUER: "https://id.example",
      TRIPGRID_JWT_AUDIENCE: "tripgrid",
    },
  });
  url = await service.listening();
});
afterAll(async () => {
  service?.kill("SIGTERM");
  await service?.exited;
  await database?.drop();
});

/** Sends one request and keeps all of its reply. */
async function ask(method: string, path: string, credential?: string, body?: unknown): Promise<string> {
  const reply = await fetch(url + path, {
    method,
    headers: {
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const head = [...reply.headers].map((pair) => pair.join(": ")).join("\n");
  const isEndless = reply.headers.get("content-type")?.startsWith("text/event-stream");
  if (isEndless) await reply.body?.cancel();
  const all = `${method} ${path} ${reply.status}\n${head}\n${isEndless ? "" : await reply.text()}`;
  replies.push(all);
  return all;
}

it("no log, metric or reply holds a key, a token, a password or another secret, and the database keeps hashes only", async () => {
  const admin = await new SignJWT({ scope: "ingest read trips admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://id.example")
    .setAudience("tripgrid")
    .setSubject("chief")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(JWT_SECRET));
  const chief = as({ url }, admin);
  const made = await chief.post<{ key_id: string; key: string }>("/v1/keys", {
    ...{ name: "fleet", scopes: ["ingest", "read", "trips", "admin"] },
  });
  await chief.post("/v1/users", { username: "ana", password: PASSWORD, scopes: ["read", "admin"] });
  const anyone = as({ url }, undefined);
  const { body: tokens } = await anyone.post<Tokens>("/v1/tokens", { username: "ana", password: PASSWORD });
  const credentials = [admin, made.body.key, tokens.access_token, `${made.body.key.slice(0, -1)}x`, "nonsense"];
  secrets
    .set("token of the issuer", admin)
    .set("key", made.body.key)
    .set("mistyped key", credentials[3] ?? "");
  secrets.set("token of a user", tokens.access_token).set("refresh token", tokens.refresh_token);

  const { paths } = JSON.parse((await ask("GET", "/openapi.json")).split("\n").at(-1) ?? "") as {
    paths: Record<string, Record<string, object>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    if (!("get" in methods)) continue;
    const real = path.replaceAll(/\{\w+\}/g, made.body.key);
    for (const credential of credentials) await ask("GET", real, credential);
    await ask("GET", `${real}?key=${made.body.key}&access_token=${tokens.access_token}`);
  }
  await ask("POST", "/v1/trips", made.body.key, [trip({ trip_id: "a" }), trip({ origin: null })]);
  await ask("POST", "/v1/trips", made.body.key, "not a trip");
  await ask("POST", "/v1/users", made.body.key, { username: "bo", password: "short" });
  await ask("POST", "/v1/users", made.body.key, { username: "ana", password: PASSWORD });
  await ask("POST", "/v1/users", made.body.key, { username: "cy", passwort: PASSWORD });
  await ask("PUT", "/v1/users/ana", made.body.key, { password: PASSWORD });
  await ask("POST", "/v1/tokens", undefined, { username: "ana", password: WRONG });
  await ask("POST", "/v1/tokens", undefined, { username: "ana", password: PASSWORD, extra: 1 });
  await ask("POST", "/v1/tokens", undefined, {
    grant_type: "refresh_token",
    refresh_token: `${tokens.refresh_token}x`,
  });
  await ask("POST", "/v1/passwords", undefined, { username: "ana", password: WRONG, new_password: "another good one" });
  await ask("POST", "/v1/passwords", undefined, { username: "ana", password: PASSWORD, new_password: PASSWORD });
  await ask("POST", "/v1/tokens/revoke", undefined, { refresh_token: tokens.refresh_token });
  await ask("DELETE", `/v1/keys/${made.body.key_id}`, admin);
  await ask("GET", "/metrics", admin);
  await ask("GET", "/v1/audit", admin);

  const sql = createClient({ url: database.databaseUrl ?? "" }, { max: 1 });
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('tripgrid', 'tripgrid_internal') and tablename <> 'users'`;
  const stored: [string, string][] = [];
  for (const { name } of tables) {
    const [row] = await sql<
      { all: string | null }[]
    >`select string_agg(t::text, ' ') as all from ${sql.unsafe(name)} t`;
    stored.push([name, row?.all ?? ""]);
  }
  const [users] = await sql<{ all: string }[]>`select string_agg(u::text, ' ') as all from tripgrid.users u`;
  await sql.end({ timeout: 5 });
  service.kill("SIGTERM");
  await service.exited;

  const log = service.log().map((line) => JSON.stringify(line));
  expect(replies.length).toBeGreaterThan(150);
  expect(log.length).toBeGreaterThan(150);
  const places: [string, string][] = [
    ...replies.map((text): [string, string] => [`the reply to ${text.split("\n")[0]}`, text.slice(text.indexOf("\n"))]),
    ...log.map((text): [string, string] => ["the log", text]),
    ["the standard error", service.stderr()],
    ...stored,
    ["users", users?.all ?? ""],
  ];
  const leaks = places.flatMap(([where, text]) => [
    ...[...secrets].filter(([, secret]) => text.includes(secret)).map(([what]) => `${where}: ${what}`),
    ...(where === "users" ? [] : [secretIn(text)].flatMap((what) => (what ? [`${where}: ${what}`] : []))),
  ]);
  // A path or a parameter that a client puts a secret into may come back to that client, in a problem. Who logs in gets tokens.
  const ofClient = /^the reply to (GET \S*(tg_|eyJ)|POST \/v1\/tokens 200: a (refresh )?token)/;
  expect([...new Set(leaks.filter((leak) => !ofClient.test(leak)))]).toEqual([]);
});
