import { afterEach, expect, it } from "vitest";
import { newKey } from "../../src/auth/key-text.ts";
import { failOnLeaks, givesSecrets, lookForSecrets, secretIn } from "./leaks.ts";

const dots = "x".repeat(24);

it.each([
  [`the key is ${newKey()}.`, "a key"],
  [`tg_${"a".repeat(49)}`, undefined],
  ["tg_… is shown once", undefined],
  [`{"refresh_token":"tgr_${"a".repeat(43)}"}`, "a refresh token"],
  [`Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${dots}`, "a token"],
  ["$argon2id$v=19$m=19456,t=2,p=1$abc", "the hash of a password"],
  [`whsec_${dots}`, "a secret of callbacks"],
  ["postgres://tripgrid:hunter2@127.0.0.1:5432/tripgrid", "a password in an address"],
  ["nats://fleet:hunter2@broker:4222 and https://a:b@host/", "a password in an address"],
  ["https://host:8080/@x and http://127.0.0.1:8080/a:b@c", undefined],
  ["expected postgres://USER@HOST/DATABASE", undefined],
])("%j holds %s", (text, what) => {
  expect(secretIn(text)).toBe(what);
});

it("a secret fails the file, once", () => {
  lookForSecrets("the log", "nothing");
  expect(failOnLeaks).not.toThrow();
  lookForSecrets("the log", newKey());
  expect(failOnLeaks).toThrow("the log holds a key");
});
afterEach(() => expect(failOnLeaks).not.toThrow());

it("only keys and tokens are given to their owners", () => {
  expect(["/v1/keys", "/v1/tokens", "/v1/keys?x=1"].every(givesSecrets)).toBe(true);
  expect(["/v1/users", "/v1/keys/5", "/v1/tokens/revoke", "/metrics"].some(givesSecrets)).toBe(false);
});
