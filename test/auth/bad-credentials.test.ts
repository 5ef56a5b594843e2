import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { createBadCredentials, slowedDown } from "../../src/auth/bad-credentials.ts";
import { digestOfSecret, newKey } from "../../src/auth/key-text.ts";
import { AppError } from "../../src/errors.ts";

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "accepted";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

describe("an address that shows bad credentials", () => {
  it("has its calls of the database counted: none past the limit", async () => {
    const clock = { ms: 0 };
    let calls = 0;
    const good = newKey();
    const authenticator = await createAuthenticator({
      store: {
        findState: async () => ({ revision: 1, isSetUp: true }),
        findKey: async (digest) => {
          calls++;
          if (!digestOfSecret(good).equals(digest)) return undefined;
          return {
            keyId: "1",
            name: "good",
            expiresAt: undefined,
            scopes: ["read"],
            source: undefined,
            region: undefined,
          };
        },
        findGrant: async () => undefined,
      },
      verifyOwn: () => Promise.reject(new Error("not called")),
      isOwn: () => false,
      verifyForeign: undefined,
      isShared: false,
      badCredentials: createBadCredentials(60, () => clock.ms),
    });
    try {
      const from = (key: string, address: string) => codeOf(() => authenticator.authenticate(`Bearer ${key}`, address));
      for (let i = 0; i < 60; i++) expect(await from(newKey(), "203.0.113.9")).toBe("unauthorized");
      expect(calls).toBe(60);
      expect(await from(newKey(), "203.0.113.9")).toBe("too_many_requests");
      expect(await from(good, "203.0.113.9")).toBe("too_many_requests");
      expect(calls).toBe(60);
      expect(await from(good, "203.0.113.10")).toBe("accepted");
      expect(await from(good, "203.0.113.9")).toBe("accepted");
      clock.ms = 1000;
      expect(await from(newKey(), "203.0.113.9")).toBe("unauthorized");
      expect(await from(newKey(), "203.0.113.9")).toBe("too_many_requests");
      expect(await from("x", "203.0.113.9")).toBe("too_many_requests");
    } finally {
      await authenticator.stop();
    }
  });

  it("has logins slowed down in the same way, and only failed ones count", async () => {
    const bad = createBadCredentials(2, () => 0);
    let checked = 0;
    const logIn = slowedDown(
      bad,
      () => "2001:db8::1",
      async (isRight: boolean) => {
        checked++;
        if (!isRight) throw new AppError("invalid_grant", "wrong");
      },
    );
    for (let i = 0; i < 5; i++) expect(await codeOf(() => logIn(true))).toBe("accepted");
    for (let i = 0; i < 2; i++) expect(await codeOf(() => logIn(false))).toBe("invalid_grant");
    expect(await codeOf(() => logIn(true))).toBe("too_many_requests");
    expect(checked).toBe(7);
    expect(await codeOf(() => bad.check("2001:db8::2"))).toBe("too_many_requests");
    expect(await codeOf(() => bad.check("2001:db8:0:1::1"))).toBe("accepted");
  });
});
