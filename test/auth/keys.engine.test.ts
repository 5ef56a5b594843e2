import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../../src/auth/key-text.ts";
import { call, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { as, makeKey } from "./support.ts";

const service = useService();

describe("a service without credentials", () => {
  it("is open on loopback, whatever is sent", async () => {
    expect((await call(service, "/v1/trips/count?by=source")).status).toBe(200);
    expect((await as(service, "tg_nonsense").get("/v1/keys")).status).toBe(200);
  });
});

describe("with the first key", () => {
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    for (const scope of ["ingest", "read", "trips", "admin"] as const) {
      keys[scope] = (await makeKey(service, [scope])).key;
    }
    await as(service, keys.ingest).post("/v1/trips", [trip({ trip_id: "a" })]);
  });

  it("every request but probes and documents needs a credential, and a 401 says which", async () => {
    for (const path of ["/livez", "/readyz", "/openapi.json"]) expect((await call(service, path)).status).toBe(200);
    for (const [method, path] of [
      ["GET", "/v1/trips"],
      ["POST", "/v1/trips"],
      ["GET", "/v1/keys"],
      ["GET", "/v1/events"],
      ["GET", "/metrics"],
      ["HEAD", "/v1/trips"],
    ] as const) {
      const reply = await fetch(service.url + path, { method });
      expect([path, reply.status]).toEqual([path, 401]);
      expect(reply.headers.get("www-authenticate")).toBe('Bearer realm="tripgrid"');
    }
  });

  it.each([
    ["mistyped", (key: string) => `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`],
    ["one that never was", () => newKey()],
    ["its hash", (key: string) => createHash("sha256").update(key).digest("hex")],
    ["of another scheme", (key: string) => `Basic ${key}`],
    ["empty", () => ""],
    ["a text that is none", () => "null"],
  ])("a key that is %s is refused in the same words", async (_, change) => {
    const given = change(keys.read ?? "");
    const header = given.startsWith("Basic") ? given : `Bearer ${given}`;
    const reply = await fetch(`${service.url}/v1/trips/count?by=source`, { headers: { authorization: header } });
    expect(reply.status).toBe(401);
    expect(reply.headers.get("www-authenticate")).toContain('error="invalid_token"');
    const text = await reply.text();
    expect(JSON.parse(text)).toMatchObject({ code: "unauthorized", status: 401 });
    if (given.length > 5) expect(text).not.toContain(given);
  });

  it("a key in the address is no credential", async () => {
    for (const name of ["access_token", "api_key", "key", "token"]) {
      expect((await call(service, `/v1/trips/count?by=source&${name}=${keys.read}`)).status).toBe(401);
    }
  });

  it("each scope allows its own addresses, and a 403 names the one that is missing", async () => {
    const wanted = [
      ["ingest", "POST", "/v1/trips", [trip({ trip_id: "b" })]],
      ["read", "GET", "/v1/trips/count?by=source", undefined],
      ["read", "POST", "/v1/query", {}],
      ["trips", "GET", "/v1/trips/test/a", undefined],
      ["admin", "GET", "/v1/users", undefined],
    ] as const;
    for (const [needed, method, path, body] of wanted) {
      for (const [scope, key] of Object.entries(keys)) {
        const reply = await as(service, key).ask(method, path, body);
        expect([path, scope, reply.status]).toEqual([path, scope, scope === needed ? 200 : 403]);
        if (scope === needed) continue;
        expect(reply.body).toMatchObject({ code: "missing_scope", scope: needed });
        expect(reply.headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${needed}"`);
      }
    }
  });

  it("a key is shown once, stored as its hash alone, and listed without it", async () => {
    const { key, key_id } = await makeKey(service, ["read"], { name: "shown once" });
    expect(key).toMatch(/^tg_[\w-]{49}$/);
    const listed = await as(service, keys.admin).get<{ keys: { key_id: string; name: string }[] }>("/v1/keys");
    expect(listed.body.keys.find((one) => one.key_id === key_id)).toMatchObject({ name: "shown once" });
    expect(JSON.stringify(listed.body)).not.toContain(key);
    const [row] = await service.sql<{ digest: Buffer; all: string }[]>`
      select digest, to_jsonb(k)::text as all from tripgrid.api_keys k where key_id = ${key_id}`;
    expect(row?.digest).toEqual(createHash("sha256").update(key).digest());
    expect(row?.all).not.toContain(key.slice(3));
  });

  it("a key's own limits are in the list, and are null where the settings apply", async () => {
    const own = { max_requests_per_s: 0.5, max_rows_per_s: 0, max_questions: 2 };
    const { key_id } = await makeKey(service, ["read"], { name: "limited", ...own });
    const { body } = await as(service, keys.admin).get<{ keys: { key_id: string }[] }>("/v1/keys");
    expect(body.keys.find((key) => key.key_id === key_id)).toMatchObject({ ...own, max_mb_per_s: null });
    expect(body.keys.find((key) => key.key_id !== key_id)).toMatchObject({ max_requests_per_s: null });
  });

  it("a revoked key ends at once in its process, once", async () => {
    const { key, key_id } = await makeKey(service, ["read"]);
    const asked = () => as(service, key).get("/v1/trips/count?by=source");
    expect((await asked()).status).toBe(200);
    expect((await as(service, keys.admin).delete(`/v1/keys/${key_id}`)).status).toBe(204);
    expect((await asked()).status).toBe(401);
    expect((await as(service, keys.admin).delete(`/v1/keys/${key_id}`)).status).toBe(404);
    expect((await as(service, keys.admin).delete("/v1/keys/nobody")).status).toBe(404);
  });

  it("a key that is revoked by SQL ends within seconds, and ends what follows events with it", async () => {
    const { key, key_id } = await makeKey(service, ["ingest"]);
    const stream = await fetch(`${service.url}/v1/events`, { headers: { authorization: `Bearer ${key}` } });
    expect(stream.status).toBe(200);
    await service.sql`update tripgrid.api_keys set revoked_at = now() where key_id = ${key_id}`;
    // The stream would never end by itself.
    const ended = await stream.text().then(
      () => "ended",
      () => "ended",
    );
    expect(ended).toBe("ended");
    expect((await as(service, key).get("/v1/events")).status).toBe(401);
  });

  it("a key that has expired is refused", async () => {
    const { key, key_id } = await makeKey(service, ["read"], {
      expires_at: new Date(Date.now() + 3600e3).toISOString(),
    });
    expect((await as(service, key).get("/v1/trips/count?by=source")).status).toBe(200);
    await service.sql`update tripgrid.api_keys set expires_at = now() where key_id = ${key_id}`;
    await service.deps.revokeKey("00000000-0000-4000-8000-000000000000");
    expect((await as(service, key).get("/v1/trips/count?by=source")).status).toBe(401);
  });

  it.each([
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["root"] }, "scopes.0"],
    [{ name: "", scopes: ["read"] }, "name"],
    [{ name: "x", scopes: ["read"], source: "a", region: "b" }, "source"],
    [{ name: "x", scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "x", scopes: ["read"], digest: "00" }, "digest"],
    [{ name: "x", scopes: ["read"], max_requests_per_s: -1 }, "max_requests_per_s"],
    [{ name: "x", scopes: ["read"], max_questions: 0 }, "max_questions"],
  ])("%j is refused by the name of its field", async (body, field) => {
    const reply = await as(service, keys.admin).post("/v1/keys", body);
    expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field]);
  });

  it("the service stays closed when its last key is gone", async () => {
    await service.sql`update tripgrid.api_keys set revoked_at = now() where revoked_at is null`;
    await service.deps.revokeKey("00000000-0000-4000-8000-000000000000");
    expect((await call(service, "/v1/trips/count?by=source")).status).toBe(401);
  });
});

describe("a body that holds no area", () => {
  // A question of 4 MB may take 64 times as much.
  const MAX_BYTES = 64 * 1024;

  it.each(["/v1/keys", "/v1/users", "/v1/tokens", "/v1/tokens/revoke", "/v1/passwords", "/v1/imports"])(
    "is read up to 64 KB: %s",
    async (path) => {
      const { key } = await makeKey(service, ["admin", "ingest"]);
      const send = (bytes: number) => {
        const rest = '{"x":""}'.length;
        return as(service, key).post(path, { x: "x".repeat(bytes - rest) });
      };
      expect((await send(MAX_BYTES)).status).not.toBe(413);
      expect(await send(MAX_BYTES + 1)).toMatchObject({ status: 413, body: { code: "body_too_large" } });
    },
  );
});
