import { createHash } from "node:crypto";

/**
 * A UUID that is always the same for the same parts: the first 128 bits of SHA-256 over them, marked as a UUID of
 * version 8 (RFC 9562).
 */
export function derivedId(parts: readonly (string | number)[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
