/**
 * The hostile requests of `every-address.engine.test.ts`, sent by callers with each kind of credential: none, one that is no
 * credential, a key of each scope, a bound one, a user's token and one of an issuer. Every reply is one that the document
 * allows, and who may do little has changed nothing that needs more.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SCOPES } from "../../src/kit/scope.ts";
import { as } from "../auth/support.ts";
import { countFrom, engine } from "../harness/index.ts";
import { hostileRequest } from "./harness/hostile-requests.ts";
import { fill, useTarget } from "./harness/index.ts";
import { type Operation, readOperations } from "./harness/operations.ts";
import { randomFrom } from "./harness/random.ts";
import { sendHostile } from "./harness/send-hostile.ts";

/** Of each kind of credential to each address: 10,000 of each kind in the full run. */
const each = Math.ceil(countFrom("TRIPGRID_TEST_ATTACKS", engine === "embedded" ? 12 : 60, 10_000) / 100);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? 299997533);
const AT_A_TIME = 50;
const PASSWORD = "a long and good one";
const ISSUER = "https://id.example";

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const published = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }] };
const issuer: Server = createServer((_, response) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(published));
});
await new Promise<void>((listening) => issuer.listen(0, "127.0.0.1", listening));
const { port: issuerPort } = issuer.address() as AddressInfo;
afterAll(() => issuer.close());

const target = useTarget({
  ...{ TRIPGRID_JWKS_URL: `http://127.0.0.1:${issuerPort}/keys`, TRIPGRID_JWT_ISSUER: ISSUER },
  ...{ TRIPGRID_JWT_AUDIENCE: "tripgrid", TRIPGRID_JWT_ALGORITHMS: "ES256" },
});

const tokenWith = (scope: string, more: object = {}) =>
  new SignJWT({ scope, ...more })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuer(ISSUER)
    .setAudience("tripgrid")
    .setSubject("chief")
    .setExpirationTime("1d")
    .sign(privateKey);

let chief: ReturnType<typeof as>;
/** Without the scope admin, and with it: what to send in the header, undefined for none. */
const small = new Map<string, string | undefined>();
const mighty = new Map<string, string | undefined>();

beforeAll(async () => {
  const token = await tokenWith(SCOPES.join(" "));
  chief = as(target, token);
  await fill(target.url, 1000, { authorization: `Bearer ${token}` });
  const keyOf = async (name: string, scopes: readonly string[], more = {}) => {
    const made = await chief.post<{ key: string }>("/v1/keys", { name, scopes, ...more });
    return `Bearer ${made.body.key}`;
  };
  small.set("none", undefined).set("nonsense", "Bearer nonsense").set("another scheme", "Basic YTpi");
  small.set("an unsigned token", `Bearer ${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`);
  for (const scope of SCOPES) (scope === "admin" ? mighty : small).set(scope, await keyOf(scope, [scope]));
  small.set("bound to a source", await keyOf("bound", ["ingest", "read", "trips"], { source: "mine" }));
  small.set("bound to a region", await keyOf("regional", ["ingest", "read", "trips"], { region: "Turin" }));
  mighty.set("bound, with admin", await keyOf("bound admin", SCOPES, { source: "mine" }));
  await chief.post("/v1/users", { username: "ana", password: PASSWORD, scopes: ["read", "trips"] });
  const login = await as(target, undefined).post<{ access_token: string }>("/v1/tokens", {
    ...{ username: "ana", password: PASSWORD },
  });
  small.set("a user's token", `Bearer ${login.body.access_token}`);
  small.set("an issuer's token", `Bearer ${await tokenWith("read")}`);
  small.set("an issuer's token with a provider", `Bearer ${await tokenWith("ingest trips", { provider_id: "mine" })}`);
  mighty.set("an issuer's token with admin", `Bearer ${token}`);
});

/** Attacks every address with each of the credentials. */
async function attack(credentials: ReadonlyMap<string, string | undefined>): Promise<string[]> {
  const operations = await readOperations(target.url);
  const random = randomFrom(seed);
  const faults = new Map<string, string>();
  const todo: { operation: Operation; name: string; authorization: string | undefined }[] = [];
  for (let i = 0; i < each; i++) {
    for (const operation of operations) {
      for (const [name, authorization] of credentials) todo.push({ operation, name, authorization });
    }
  }
  let next = 0;
  const attacker = async () => {
    for (let one = todo[next++]; one; one = todo[next++]) {
      const { operation, name, authorization } = one;
      const request = hostileRequest(operation, random, authorization);
      const fault = await sendHostile(target.port, operation, request);
      const kind = `${operation.method} ${operation.path}: ${fault?.slice(0, 60)}`;
      if (fault && !faults.has(kind)) faults.set(kind, `${name}: ${operation.method} ${operation.path}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, attacker));
  process.stdout.write(`${todo.length} hostile requests with ${credentials.size} kinds of credentials\n`);
  return [...faults.values()];
}

/** What only an administrator may change. */
async function administered() {
  const [keys, users, regions, mappings] = await Promise.all(
    ["/v1/keys", "/v1/users", "/v1/regions", "/v1/mappings"].map((path) => chief.get<unknown>(path)),
  );
  return [keys?.body, users?.body, regions?.body, mappings?.body];
}

const timeout = 240_000 + each * 600_000;

it(`${each} requests for each address and credential without admin change nothing that needs more`, {
  timeout,
}, async () => {
  const before = await administered();
  expect(await attack(small)).toEqual([]);
  expect(await administered()).toEqual(before);
});

it(`${each} requests for each address and credential with admin are answered as described`, { timeout }, async () => {
  expect(await attack(mighty)).toEqual([]);
  expect((await chief.get("/v1/keys")).status).toBe(200);
});
