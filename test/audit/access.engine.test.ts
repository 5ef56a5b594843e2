import { beforeAll, expect, it } from "vitest";
import type { StoredEntry } from "../../src/audit/audit.ts";
import type { Tokens } from "../../src/auth/logins.ts";
import { as, makeKey } from "../auth/support.ts";
import { useService } from "../harness/index.ts";

const service = useService();
const PASSWORD = "a long and good one";
let admin: ReturnType<typeof as>;
beforeAll(async () => {
  admin = as(service, (await makeKey(service, ["admin"], { name: "chief" })).key);
});

/** What the log has of the work, the oldest first. */
async function audited(work: () => Promise<unknown>) {
  const last = await newest();
  await work();
  const { body } = await as(service, service.ownKey).get<{ entries: StoredEntry[] }>("/v1/audit");
  const news = body.entries.filter(({ entry_id }) => entry_id > last).reverse();
  return news.map(({ actor, action, target, status }) => [actor, action, target, status]);
}
async function newest(): Promise<number> {
  const { body } = await as(service, service.ownKey).get<{ entries: StoredEntry[] }>("/v1/audit?limit=1");
  return body.entries[0]?.entry_id ?? 0;
}

it("a key that is made and revoked is in the log, by whom and which, and what is refused is not", async () => {
  let id = "";
  const entries = await audited(async () => {
    const made = await admin.post<{ key_id: string; key: string }>("/v1/keys", { name: "fleet", scopes: ["ingest"] });
    id = made.body.key_id;
    expect(made.headers.get("location")).toBe(`/v1/keys/${id}`);
    expect((await as(service, made.body.key).post("/v1/keys", { name: "x", scopes: ["admin"] })).status).toBe(403);
    expect((await as(service, undefined).post("/v1/keys", { name: "x", scopes: ["admin"] })).status).toBe(401);
    expect((await admin.post("/v1/keys", { name: "x", scopes: [] })).status).toBe(400);
    expect((await admin.delete(`/v1/keys/${id}`)).status).toBe(204);
    expect((await admin.delete(`/v1/keys/${id}`)).status).toBe(404);
  });
  expect(entries).toEqual([
    ["chief", "POST /v1/keys", `/v1/keys/${id}`, 201],
    ["chief", "DELETE /v1/keys/{id}", `/v1/keys/${id}`, 204],
  ]);
});

it("a user who is made, changed and removed is in the log", async () => {
  const entries = await audited(async () => {
    await admin.post("/v1/users", { username: "ana b", password: PASSWORD });
    await admin.post("/users", { username: "bo", password: PASSWORD });
    await admin.post("/v1/users", { username: "bo", password: PASSWORD });
    await admin.put("/v1/users/ana%20b", { scopes: ["read", "trips"] });
    await admin.delete("/v1/users/ana%20b");
  });
  expect(entries).toEqual([
    ["chief", "POST /v1/users", "/v1/users/ana%20b", 201],
    ["chief", "POST /users", "/v1/users/bo", 201],
    ["chief", "PUT /v1/users/{username}", "/v1/users/ana%20b", 200],
    ["chief", "DELETE /v1/users/{username}", "/v1/users/ana%20b", 204],
  ]);
});

it("a password that its user replaces, and a login that ends, are in the log under the user's name", async () => {
  await admin.post("/v1/users", { username: "cy", password: PASSWORD });
  const anyone = as(service, undefined);
  const entries = await audited(async () => {
    const login = await anyone.post<Tokens>("/v1/tokens", { username: "cy", password: PASSWORD });
    const token = { refresh_token: login.body.refresh_token };
    for (const one of [token, token, { refresh_token: "tgr_nonsense" }]) {
      expect((await anyone.post("/v1/tokens/revoke", one)).status).toBe(204);
    }
    const change = { username: "cy", password: PASSWORD, new_password: "another good one" };
    expect((await anyone.post("/v1/passwords", change)).status).toBe(204);
    expect((await anyone.post("/v1/passwords", change)).status).toBe(400);
  });
  expect(entries).toEqual([
    ["cy", "POST /v1/tokens/revoke", "/v1/tokens/revoke", 204],
    ["cy", "POST /v1/passwords", "/v1/passwords", 204],
  ]);
});

it("no entry holds a secret", async () => {
  const [row] = await service.sql<{ all: string }[]>`select json_agg(a)::text as all from tripgrid.audit_log a`;
  expect(row?.all).not.toContain("tg_");
  expect(row?.all).not.toContain(PASSWORD);
});
