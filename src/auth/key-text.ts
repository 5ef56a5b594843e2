import { createHash, randomBytes } from "node:crypto";

/** Tells people and secret scanners what they have found. */
const PREFIX = "tg_";
const SECRET_BYTES = 32;
const CHECK_LENGTH = 6;
export const KEY_LENGTH = PREFIX.length + 43 + CHECK_LENGTH;
const FORM = /^tg_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/;

/** A new API key: `tg_`, 256 random bits and six characters that tell a mistyped key without asking the database. */
export function newKey(): string {
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return PREFIX + secret + checkOf(secret);
}

/** Whether a text may be a key. */
export function isKey(text: string): boolean {
  const [, secret, check] = FORM.exec(text) ?? [];
  return secret !== undefined && checkOf(secret) === check;
}

const checkOf = (secret: string) => createHash("sha256").update(secret).digest("base64url").slice(0, CHECK_LENGTH);

/**
 * The SHA-256 of a key or token, which is stored in its place. A slow hash would protect a secret that people choose;
 * nobody guesses 256 random bits.
 */
export const digestOfSecret = (text: string): Buffer => createHash("sha256").update(text).digest();
