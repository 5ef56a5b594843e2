import { beforeAll, describe, expect, it } from "vitest";
import type { Tokens } from "../../src/auth/logins.ts";
import { call } from "../harness/api.ts";
import { useService } from "../harness/index.ts";
import { as } from "./support.ts";

const service = useService();
const PASSWORD = "a long and good one";
const admin = () => as(service, service.ownKey);

const form = (members: Record<string, string>) =>
  call<Tokens & { code: string; error: string }>(service, "/v1/tokens", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(members).toString(),
  });
const logIn = (username: string, password: string, scope?: string) =>
  form({ grant_type: "password", username, password, ...(scope ? { scope } : {}) });
const renew = (token: string) => form({ grant_type: "refresh_token", refresh_token: token });
const COUNT = "/v1/trips/count?by=source";

beforeAll(async () => {
  // The first one comes from the command line, or from a service that is open.
  const first = await as(service, undefined).post("/v1/users", {
    username: "ana",
    password: PASSWORD,
    scopes: ["read", "admin"],
  });
  expect(first.status).toBe(201);
});

describe("a user", () => {
  it("logs in by a form and by JSON, with as many scopes as asked for", async () => {
    expect((await call(service, COUNT)).status).toBe(401);
    const { status, body, headers } = await logIn("ana", PASSWORD);
    expect([status, body.token_type, body.scope]).toEqual([200, "bearer", "read admin"]);
    expect(headers.get("cache-control")).toBe("no-store");
    expect((await as(service, body.access_token).get(COUNT)).status).toBe(200);
    const json = await as(service, undefined).post<Tokens>("/v1/tokens", {
      username: "ana",
      password: PASSWORD,
      scope: "read trips",
    });
    expect(json.body.scope).toBe("read");
    expect((await as(service, json.body.access_token).get("/v1/keys")).body).toMatchObject({ code: "missing_scope" });
  });

  it("is unknown or has another password: the same answer", async () => {
    const [unknown, wrong] = [await logIn("nobody", PASSWORD), await logIn("ana", "another password")];
    expect([unknown.status, unknown.body.error]).toEqual([400, "invalid_grant"]);
    expect({ ...unknown.body, request_id: "" }).toEqual({ ...wrong.body, request_id: "" });
  });

  it("renews a token once; an old refresh token ends the login", async () => {
    const { body: first } = await logIn("ana", PASSWORD);
    const { body: second } = await renew(first.refresh_token);
    expect((await as(service, second.access_token).get(COUNT)).status).toBe(200);
    expect((await renew(first.refresh_token)).body.code).toBe("invalid_grant");
    // The thief or the owner: neither goes on.
    expect((await renew(second.refresh_token)).body.code).toBe("invalid_grant");
    expect((await renew("tgr_nonsense")).body.code).toBe("invalid_grant");
  });

  it("logs out", async () => {
    const { body } = await logIn("ana", PASSWORD);
    const out = await as(service, undefined).post("/v1/tokens/revoke", { refresh_token: body.refresh_token });
    expect(out.status).toBe(204);
    expect((await renew(body.refresh_token)).status).toBe(400);
  });

  it("replaces the password by none of the last five, and all logins end", async () => {
    await admin().post("/v1/users", { username: "bo", password: "password number 0" });
    const change = (password: string, next: string) =>
      as(service, undefined).post("/v1/passwords", { username: "bo", password, new_password: next });
    const { body: before } = await logIn("bo", "password number 0");
    for (let i = 0; i < 5; i++)
      expect((await change(`password number ${i}`, `password number ${i + 1}`)).status).toBe(204);
    expect((await renew(before.refresh_token)).status).toBe(400);
    for (const used of ["password number 5", "password number 1"]) {
      const { status, body } = await change("password number 5", used);
      expect([status, body.errors?.[0]?.field]).toEqual([400, "new_password"]);
    }
    expect((await change("password number 5", "password number 0")).status).toBe(204);
    expect((await change("wrong password", "password number 7")).body.code).toBe("invalid_grant");
  });

  it("has too short a password, one with the own name, or a name that is taken", async () => {
    const add = (username: string, password: string) => admin().post("/v1/users", { username, password });
    expect((await add("cy", "short")).body.errors?.[0]?.field).toBe("password");
    expect((await add("cyrus", "the great Cyrus")).body.errors?.[0]?.field).toBe("password");
    expect((await add("ana", PASSWORD)).body.code).toBe("name_taken");
  });

  it("is removed, or loses a scope: the tokens follow at once", async () => {
    await admin().post("/v1/users", { username: "di", password: PASSWORD, scopes: ["read", "admin"] });
    const { body } = await logIn("di", PASSWORD);
    const di = as(service, body.access_token);
    expect((await di.get("/v1/users")).status).toBe(200);
    expect((await admin().put("/v1/users/di", { scopes: ["read"] })).status).toBe(200);
    expect((await di.get("/v1/users")).status).toBe(403);
    expect((await di.get(COUNT)).status).toBe(200);
    expect((await admin().delete("/v1/users/di")).status).toBe(204);
    expect((await di.get(COUNT)).status).toBe(401);
    expect((await renew(body.refresh_token)).status).toBe(400);
  });

  it("may be bound to a source", async () => {
    await admin().post("/v1/users", { username: "eve", password: PASSWORD, source: "mine" });
    const { body } = await logIn("eve", PASSWORD);
    expect((await as(service, body.access_token).get(`${COUNT}&source=other`)).body.code).toBe("bound_credential");
  });

  it("is stored without the password", async () => {
    const [row] = await service.sql<
      { all: string }[]
    >`select to_jsonb(u)::text as all from tripgrid.users u where name = 'ana'`;
    expect(row?.all).toContain("$argon2id$");
    expect(row?.all).not.toContain(PASSWORD);
  });

  it("tries ten times, whether there is such a user or not", async () => {
    await admin().post("/v1/users", { username: "fay", password: PASSWORD });
    for (const name of ["fay", "no such user"]) {
      const tries = await Promise.all(Array.from({ length: 12 }, () => logIn(name, "wrong password")));
      const statuses = tries.map(({ status }) => status).sort();
      expect([statuses.filter((s) => s === 400).length, statuses.filter((s) => s === 429).length]).toEqual([10, 2]);
      const { status, headers } = await logIn(name, PASSWORD);
      expect(status).toBe(429);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});
