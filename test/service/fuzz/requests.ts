import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { bodies } from "./bodies.ts";
import { damaged, faults } from "./faults.ts";

export interface FuzzedRequest {
  query: string;
  headers: Record<string, string>;
  body: Buffer;
  /** In pieces of unknown number, and not with a length. */
  chunked: boolean;
}

/** What a header may hold at all. */
const headerText = fc.string({
  unit: fc
    .integer({ min: 32, max: 255 })
    .filter((code) => code !== 127)
    .map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

/** Mostly what is usual, and sometimes something else. */
const mostly = (weight: number, usual: fc.Arbitrary<string>, ...rare: fc.Arbitrary<string>[]) =>
  fc.oneof({ weight, arbitrary: usual }, ...rare.map((arbitrary) => ({ weight: 1, arbitrary })));
const none = fc.constant("");

const types = fc.oneof(
  fc.constantFrom("application/json", "application/x-ndjson", "text/csv", "text/plain", ""),
  fc.constantFrom("text/csv; charset=utf-8", "TEXT/CSV", "application/json; charset=utf-16", "application/json;"),
  fc.constantFrom(
    "text/csv;header=absent",
    "application/jsonl",
    "application/vnd.x+json",
    "application/xml",
    ";",
    "a/b/c",
  ),
  headerText,
);
const encodings = mostly(
  12,
  none,
  fc.constantFrom("gzip", "GZIP", " gzip ", "x-gzip"),
  fc.constantFrom("identity", "br", "gzip, gzip", "deflate"),
);
const prefers = mostly(
  6,
  none,
  fc.constantFrom("respond-async", "wait=1, respond-async", "RESPOND-ASYNC;x=1", ",;,", "respond-asyn"),
);
const keys = mostly(20, none, fc.constantFrom("k1", "k2", "x".repeat(300), " ", "é"), headerText);
const queries = mostly(
  16,
  fc.constantFrom("", "", "", "verdicts=all", "identity=row", "mapping=native"),
  fc.constantFrom("mapping=xrides", "mapping=trips-csv&verdicts=all", "verdicts=all&verdicts=all", "unknown=1"),
  fc.constantFrom("identity=", "mapping=%00", "mapping=%ff", "callback=ftp://x", "%"),
  fc.webQueryParameters(),
);

/** Requests that bring trips, or something else. */
export const requests: fc.Arbitrary<FuzzedRequest> = fc
  .record({
    body: bodies,
    type: fc.option(types, { freq: 3, nil: undefined }),
    encoding: encodings,
    isPacked: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    faultsPacked: fc.option(faults, { freq: 4, nil: [] }),
    prefer: prefers,
    key: keys,
    query: queries,
    chunked: fc.boolean(),
  })
  .map(({ body, type, encoding, isPacked, faultsPacked, prefer, key, query, chunked }) => {
    const given = { "content-type": type ?? body.type, "content-encoding": encoding, prefer, "idempotency-key": key };
    const packed = encoding !== "" && isPacked ? damaged(gzipSync(body.bytes), faultsPacked) : body.bytes;
    return {
      ...{ query, chunked, body: packed },
      headers: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")),
    };
  });

export interface FuzzReply {
  status: number;
  type: string;
  text: string;
}

/** Posts it; by Node's own client, which lets odd headers through. */
export function postFuzzed(url: string, { query, headers, body, chunked }: FuzzedRequest): Promise<FuzzReply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/trips${query && `?${query}`}`, {
      method: "POST",
      headers: { ...headers, ...(chunked ? { "transfer-encoding": "chunked" } : { "content-length": body.length }) },
      timeout: 30_000,
    });
    sent.on("response", (reply) => {
      const type = reply.headers["content-type"] ?? "";
      text(reply).then((text) => resolve({ status: reply.statusCode ?? 0, type, text }), reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("There was no reply in 30 seconds.")));
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes that need not be HTTP and then no more; what comes back until the connection ends. */
export async function sendRaw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(5000, () => socket.destroy());
  socket.end(bytes);
  let answer = "";
  try {
    for await (const part of socket.setEncoding("latin1")) answer += part;
  } catch {
    // A connection that is cut off is an answer too.
  }
  return answer;
}
