import { setImmediate as nextTurn } from "node:timers/promises";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { newKey } from "../../src/auth/key-text.ts";
import { median } from "../lib/figures.ts";

const CHECKS = 20_000;
const ROUNDS = 25;

/** Microseconds that the check of a key takes that was checked before, as the guard of each endpoint does it. */
export async function checkedKeyUs(): Promise<number> {
  const key = newKey();
  const authenticator = await createAuthenticator({
    store: {
      findState: async () => ({ revision: 1, isSetUp: true }),
      findKey: async () => ({
        ...{ keyId: "1", name: "bench", expiresAt: undefined },
        ...{ scopes: ["ingest"], source: undefined, region: undefined },
      }),
      findGrant: async () => undefined,
    },
    verifyOwn: () => Promise.reject(new Error("not called")),
    isOwn: () => false,
    verifyForeign: undefined,
    isShared: true,
  });
  try {
    const header = `Bearer ${key}`;
    await authenticator.authenticate(header, "203.0.113.9");
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // The authenticator looks for changes meanwhile.
      await nextTurn();
      const began = performance.now();
      for (let i = 0; i < CHECKS; i++) {
        const found = authenticator.authenticate(header, "203.0.113.9");
        if (found === undefined || found instanceof Promise) throw new Error("the key is not kept");
      }
      times.push(((performance.now() - began) * 1000) / CHECKS);
    }
    return median(times);
  } finally {
    await authenticator.stop();
  }
}
