import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type Authenticator, createAuthenticator } from "../../src/auth/authenticate.ts";
import type { LiveKey } from "../../src/auth/credentials.ts";
import { digestOfSecret, newKey } from "../../src/auth/key-text.ts";
import { unknownKey } from "../../src/auth/refusals.ts";
import { principalOf } from "../../src/kit/principal.ts";

const KEY = newKey();
const JWT = `${"h".repeat(40)}.${"p".repeat(80)}.${"s".repeat(43)}`;
const OFFICER = principalOf("jwt", "officer", "officer", { scopes: ["read"], source: undefined, region: undefined });

/** A database of one key, whose calls are counted, and processes that know it. */
function database() {
  const state = { revision: 1, isSetUp: true };
  const calls: string[] = [];
  const clock = { ms: 1_000_000 };
  let key: LiveKey | undefined = {
    ...{ keyId: "1", name: "fleet", expiresAt: undefined },
    ...{ scopes: ["read"], source: undefined, region: undefined },
  };
  let isAway = false;
  const answer = async <T>(call: string, value: () => T): Promise<T> => {
    calls.push(call);
    if (isAway) throw new Error("away");
    return value();
  };
  const start = () =>
    createAuthenticator({
      store: {
        findState: () => answer("state", () => ({ ...state })),
        findKey: (digest) => answer("key", () => (digestOfSecret(KEY).equals(digest) ? key : undefined)),
        findGrant: () => answer("grant", () => undefined),
      },
      verifyOwn: () => Promise.reject(new Error("not called")),
      isOwn: () => false,
      verifyForeign: (token) =>
        token === JWT ? Promise.resolve({ principal: OFFICER, expiresAt: 2_000_000 }) : Promise.reject(unknownKey()),
      isShared: true,
      now: () => clock.ms,
    });
  const revoke = () => {
    key = undefined;
    state.revision++;
  };
  const leave = () => {
    isAway = true;
  };
  return { start, revoke, leave, calls, clock };
}

const started: Authenticator[] = [];
afterEach(() => Promise.all(started.splice(0).map((one) => one.stop())));

async function processOn({ start }: ReturnType<typeof database>) {
  const authenticator = await start();
  started.push(authenticator);
  const ask = async () => {
    try {
      return (await authenticator.authenticate(`Bearer ${KEY}`))?.name;
    } catch (error) {
      return (error as { code?: string }).code ?? (error as Error).message;
    }
  };
  return { ...authenticator, ask };
}

describe("a key that was checked", () => {
  it("costs no call of the database and no promise until the next look is overdue", async () => {
    const db = database();
    const one = await processOn(db);
    expect(await one.ask()).toBe("fleet");
    db.calls.length = 0;
    for (let i = 0; i < 1000; i++) {
      expect(one.authenticate(`Bearer ${KEY}`)).toMatchObject({ name: "fleet" });
    }
    expect(db.calls.filter((call) => call !== "state")).toEqual([]);
  });

  it("stops in every process with its next look after it is revoked", async () => {
    const db = database();
    const processes = [await processOn(db), await processOn(db)];
    for (const one of processes) expect(await one.ask()).toBe("fleet");
    db.revoke();
    for (const one of processes) {
      let isCut = false;
      one.live.add({
        authorization: `Bearer ${KEY}`,
        isStream: () => false,
        end: () => {
          isCut = true;
        },
      });
      await one.refresh();
      expect([await one.ask(), isCut]).toEqual(["unauthorized", true]);
    }
  });

  it("is not trusted five seconds after the last look, if none succeeds", async () => {
    const db = database();
    const one = await processOn(db);
    expect(await one.ask()).toBe("fleet");
    db.revoke();
    db.leave();
    db.clock.ms += 4000;
    expect(await one.ask()).toBe("fleet");
    db.clock.ms += 999;
    expect(await one.ask()).toBe("away");
  });
});

it("a token that was checked is not replaced by its SHA-256", async () => {
  const { authenticate } = await processOn(database());
  expect(await authenticate(`Bearer ${JWT}`)).toMatchObject({ name: "officer" });
  const digest = createHash("sha256").update(JWT).digest("base64url");
  for (const shown of [digest, `sha256 ${digest}`])
    await expect((async () => authenticate(`Bearer ${shown}`))()).rejects.toMatchObject({ code: "unauthorized" });
});
