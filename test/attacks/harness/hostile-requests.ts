import { type HostileBody, hostileBody } from "./hostile-bodies.ts";
import type { Operation } from "./operations.ts";
import type { Random } from "./random.ts";

/** How a request is sent: as a client does that means well, or as one does that does not. */
export type Manner = "whole" | "slowly" | "half" | "unread";

export interface HostileRequest {
  /** What is hostile about it, for whoever reads that it was answered wrongly. */
  what: string;
  manner: Manner;
  head: string;
  body: Buffer;
}

const WORDS = [
  "",
  "0",
  "-1",
  "1e9",
  "NaN",
  "null",
  "true",
  "' or 1=1 --",
  "x'); drop table tripgrid.trips; --",
  "$1",
  "%00",
  "%ff%fe",
  "..%2f..%2fetc%2fpasswd",
  "{{7*7}}",
  "語".repeat(50),
  "a".repeat(5000),
  "1,2,3,4",
  "180,90,-180,-90",
  "9999-12-31",
  "2024-02-30",
  "mon-fri",
  "7-9",
  "exact",
  "__proto__",
  "constructor",
  "\u202e\u0000",
];

/** As much of it as may stand in a path or a query; what is escaped already stays as it is. */
const escaped = (word: string) => (/%[0-9a-f]{2}/i.test(word) ? word : encodeURIComponent(word));

function hostilePath({ path, query }: Operation, random: Random): string {
  // An empty part would make it another address.
  const filled = path.replaceAll(/\{\w+\}/g, () => escaped(random.pick(WORDS) || "x"));
  // A wrong parameter is mostly refused before the body is read, so half of all have none.
  const names = random.chance(0.5)
    ? []
    : [...query, "unknown", "__proto__", "limit"].filter(() => random.chance(1 / (1 + query.length)));
  const twice = names.length > 0 && random.chance(0.1) ? [...names, names[0] as string] : names;
  const pairs = twice.map((name) => `${name}=${escaped(random.pick(WORDS))}`);
  return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`;
}

function hostileHeaders({ headers, takes }: Operation, body: HostileBody, random: Random): string[] {
  const lines = [`Host: ${random.chance(0.03) ? "evil.example" : "127.0.0.1"}`, "Connection: close"];
  const types = [
    ...takes,
    "application/json",
    "text/csv",
    "application/x-ndjson",
    "text/plain",
    "x",
    "application/json; charset=utf-7",
  ];
  if (random.chance(0.8)) lines.push(`Content-Type: ${random.pick(types)}`);
  if (body.packed) lines.push("Content-Encoding: gzip");
  else if (random.chance(0.03)) lines.push(`Content-Encoding: ${random.pick(["br", "gzip, gzip", "deflate", "x"])}`);
  for (const name of headers)
    if (random.chance(0.3)) lines.push(`${name}: ${random.pick(["x", "1", "y".repeat(300), "respond-async"])}`);
  if (random.chance(0.05)) lines.push(`X-Long: ${"h".repeat(random.pick([1000, 10_000, 30_000]))}`);
  if (random.chance(0.05)) for (let i = 0; i < 200; i++) lines.push(`X-${i}: ${i}`);
  if (random.chance(0.05))
    lines.push(`Accept: ${random.pick(["text/csv", "image/*", "application/x-ndjson", "*/*;q=0"])}`);
  if (random.chance(0.03)) lines.push("Origin: https://evil.example");
  if (random.chance(0.03)) lines.push("Range: bytes=0-1");
  if (random.chance(0.03)) lines.push(`Expect: ${random.pick(["100-continue", "a miracle"])}`);
  if (random.chance(0.03)) lines.push("Last-Event-ID: ' or 1=1 --");
  return lines;
}

/**
 * One more hostile request to an address; the same for the same state of the randomness.
 *
 * @param authorization the header of this name
 */
export function hostileRequest(operation: Operation, random: Random, authorization?: string): HostileRequest {
  const mayHaveBody = !["GET", "HEAD"].includes(operation.method) || random.chance(0.05);
  const body = mayHaveBody
    ? hostileBody(random, operation.members)
    : { name: "no body", bytes: Buffer.alloc(0), packed: false };
  const manner = random.chance(0.8) ? "whole" : random.pick(["slowly", "half", "unread"] as const);
  const path = hostilePath(operation, random);
  const lines = hostileHeaders(operation, body, random);
  if (authorization !== undefined) lines.push(`Authorization: ${authorization}`);
  const chunked = mayHaveBody && random.chance(0.2);
  if (chunked) lines.push("Transfer-Encoding: chunked");
  else if (mayHaveBody) lines.push(`Content-Length: ${body.bytes.length}`);
  const end = Buffer.from("\r\n0\r\n\r\n");
  const framed = chunked
    ? body.bytes.length === 0
      ? Buffer.from("0\r\n\r\n")
      : Buffer.concat([Buffer.from(`${body.bytes.length.toString(16)}\r\n`), body.bytes, end])
    : body.bytes;
  return {
    what: `${body.name}, sent ${manner}${chunked ? " in chunks" : ""}: ${operation.method} ${path.slice(0, 200)}`,
    manner,
    head: `${operation.method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`,
    body: framed,
  };
}
