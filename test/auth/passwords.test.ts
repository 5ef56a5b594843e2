import * as argon2 from "@node-rs/argon2";
import { expect, it } from "vitest";
import { createLogins } from "../../src/auth/logins.ts";
import { createPasswords } from "../../src/auth/passwords.ts";
import type { UserSecrets } from "../../src/auth/users.ts";

it("an unknown user and a wrong password cost the same work, and get the same answer", async () => {
  const work: string[] = [];
  const passwords = createPasswords({
    hash: (...args) => {
      work.push("hash");
      return argon2.hash(...args);
    },
    verify: (stored, ...args) => {
      // The parameters decide how long a check takes.
      work.push(`verify ${stored.toString().split("$").slice(1, 4).join(" ")}`);
      return argon2.verify(stored, ...args);
    },
  });
  const ana: UserSecrets = {
    name: "ana",
    password: await passwords.hash("a long and good one"),
    formerPasswords: [],
    scopes: ["read"],
    source: undefined,
    region: undefined,
  };
  const nothing = async () => undefined;
  const calls: string[] = [];
  const logins = createLogins({
    users: {
      findUser: async (name) => {
        calls.push("find");
        return name === "ana" ? ana : undefined;
      },
      insertUser: nothing,
      setPassword: async () => false,
      setGrant: nothing,
      readUser: nothing,
    },
    passwords,
    countAttempt: async () => {
      calls.push("count");
      return 0;
    },
    forgiveAttempt: nothing,
    insertRefreshToken: nothing,
    useRefreshToken: nothing,
    endLogin: nothing,
    signToken: async () => "",
    ...{ tokenS: 1, refreshS: 1, maxFailed: { ofUser: 10, ofAddress: 30 } },
  });
  const attempt = async (username: string) => {
    work.length = 0;
    calls.length = 0;
    const words = await logins.logIn({ username, password: "wrong", address: "" }, undefined).catch((error) => ({
      code: error.code,
      detail: error.message,
      extra: error.extra,
    }));
    return { words, work: [...work], calls: [...calls] };
  };
  // The first of all makes the hash that unknown users are compared with.
  await attempt("nobody");
  const [unknown, wrong] = [await attempt("nobody"), await attempt("ana")];
  expect(unknown).toEqual(wrong);
  expect(wrong.work).toEqual([expect.stringMatching(/^verify argon2id v=19 m=19456,t=2,p=1$/)]);
  expect(wrong.words).toMatchObject({ code: "invalid_grant" });
});
