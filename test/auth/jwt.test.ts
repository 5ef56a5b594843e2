import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJwtCheck, type Issuer, publishedKeys, sharedKey } from "../../src/auth/jwt.ts";

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let published: object[] = [];
let asked = 0;
let server: Server;
let url: string;

beforeAll(async () => {
  pair = await generateKeyPair("RS256", { extractable: true });
  published = [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "RS256" }];
  server = createServer((_, response) => {
    asked++;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});
afterAll(() => server.close());

const issuer = (more: Partial<Issuer> = {}): Issuer => ({
  key: publishedKeys(url),
  issuer: "https://id.example",
  audience: "tripgrid",
  algorithms: ["RS256"],
  skewS: 30,
  scopeClaim: "scope",
  ...more,
});
const now = () => Math.floor(Date.now() / 1000);
const claims = (more: object = {}) => ({
  iss: "https://id.example",
  aud: "tripgrid",
  sub: "fleet",
  exp: now() + 60,
  scope: "ingest read unknown",
  ...more,
});
const signed = (more: object = {}, key = pair.privateKey, kid = "one") =>
  new SignJWT(claims(more)).setProtectedHeader({ alg: "RS256", kid }).sign(key);
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

describe("a token of the issuer", () => {
  it("names its user, the scopes and its end", async () => {
    const { principal, expiresAt } = await createJwtCheck(issuer())(await signed());
    expect(principal).toMatchObject({
      id: "jwt:fleet",
      owner: "jwt:fleet",
      scopes: ["ingest", "read"],
      source: undefined,
    });
    expect(Math.abs(expiresAt - Date.now() - 90_000)).toBeLessThan(5000);
  });

  it("binds to the source in provider_id", async () => {
    const { principal } = await createJwtCheck(issuer())(await signed({ provider_id: "baba_car" }));
    expect(principal).toMatchObject({ source: "baba_car", owner: "source:baba_car" });
  });

  it("has its scopes in the claim that is set, a text or a list", async () => {
    const roles = { realm_access: { roles: ["read", "other"] }, scope: "admin" };
    const check = createJwtCheck(issuer({ scopeClaim: "realm_access.roles" }));
    expect((await check(await signed(roles))).principal.scopes).toEqual(["read"]);
    const flat = createJwtCheck(issuer({ scopeClaim: "https://tripgrid.example/scopes" }));
    expect((await flat(await signed({ "https://tripgrid.example/scopes": ["trips"] }))).principal.scopes).toEqual([
      "trips",
    ]);
    expect((await check(await signed())).principal.scopes).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ["has expired", { exp: 1000 }, /expired/],
    ["is not valid yet", { nbf: 4_000_000_000 }, /not valid yet/],
    ["is for another audience", { aud: "other" }, /claim aud/],
    ["has no audience", { aud: undefined }, /claim aud/],
    ["is of another issuer", { iss: "https://evil.example" }, /claim iss/],
    ["never expires", { exp: undefined }, /claim exp/],
    ["names nobody", { sub: undefined }, /claim sub/],
    ["has a provider that is no name", { provider_id: ["a", "b"] }, /provider_id/],
    ["has an empty provider", { provider_id: "" }, /provider_id/],
  ])("is refused if it %s", async (_, more, words) => {
    await expect(createJwtCheck(issuer())(await signed(more))).rejects.toMatchObject({
      code: "unauthorized",
      message: expect.stringMatching(words),
    });
  });

  it("is accepted within the skew, and not beyond", async () => {
    const check = createJwtCheck(issuer());
    await expect(check(await signed({ exp: now() - 10 }))).resolves.toBeDefined();
    await expect(check(await signed({ exp: now() - 60 }))).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("is refused with the algorithm none, without a signature, and signed by another key", async () => {
    const check = createJwtCheck(issuer());
    const [head, body, signature] = (await signed()).split(".");
    const stranger = await generateKeyPair("RS256");
    for (const token of [
      `${encoded({ alg: "none" })}.${body}.`,
      `${encoded({ alg: "None", kid: "one" })}.${body}.${signature}`,
      `${head}.${body}.`,
      `${head}.${encoded(claims({ scope: "admin" }))}.${signature}`,
      await signed({}, stranger.privateKey),
      "a.b.c",
      "",
    ]) {
      await expect(check(token)).rejects.toMatchObject({ code: "unauthorized" });
    }
  });

  it("is refused if the public key is taken for the secret of an HMAC", async () => {
    const spki = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    const forged = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "one" }).sign(spki);
    await expect(createJwtCheck(issuer())(forged)).rejects.toMatchObject({ code: "unauthorized" });
    // Nor if the algorithm were allowed by mistake: the published key is of another kind.
    const careless = createJwtCheck(issuer({ algorithms: ["RS256", "HS256"] }));
    await expect(careless(forged)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("may be signed with a key that appears while the service runs, and made-up keys do not flood the issuer", async () => {
    const check = createJwtCheck(issuer());
    await check(await signed());
    const before = asked;
    for (let i = 0; i < 20; i++)
      await expect(check(await signed({}, pair.privateKey, `made up ${i}`))).rejects.toBeDefined();
    expect(asked - before).toBeLessThanOrEqual(1);
    const next = await generateKeyPair("RS256", { extractable: true });
    published = [...published, { ...(await exportJWK(next.publicKey)), kid: "two", alg: "RS256" }];
    // Another process, or this one after the pause between two looks.
    await expect(createJwtCheck(issuer())(await signed({}, next.privateKey, "two"))).resolves.toBeDefined();
  });

  it("cannot be checked while the issuer is away, which is no fault of the caller", async () => {
    const check = createJwtCheck(issuer({ key: publishedKeys("http://127.0.0.1:9/keys") }));
    await expect(check(await signed())).rejects.toMatchObject({ code: "issuer_unavailable", retryAfterSeconds: 5 });
  });
});

it("a shared secret checks tokens that were signed with it, and no other", async () => {
  const check = createJwtCheck(issuer({ key: sharedKey("s".repeat(32)), algorithms: ["HS256"] }));
  const with_ = (secret: string) =>
    new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
  await expect(check(await with_("s".repeat(32)))).resolves.toBeDefined();
  await expect(check(await with_("t".repeat(32)))).rejects.toMatchObject({ code: "unauthorized" });
  await expect(check(await signed())).rejects.toMatchObject({ code: "unauthorized" });
});
