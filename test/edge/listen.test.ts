import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Listening, type ListenOptions, listen } from "../../src/edge/listen.http.ts";
import { createClientRates } from "../../src/kit/client-rates.ts";
import type { Replied } from "../../src/kit/request-record.ts";

let server: Listening | undefined;
const open = new Set<Socket>();
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  await server?.close();
});

const counted: string[] = [];
const replied: Replied[] = [];

async function start(
  given: Partial<ListenOptions> = {},
  answer = async (request: Request) => new Response(request.url),
) {
  counted.length = 0;
  replied.length = 0;
  server = await listen(answer, {
    port: 0,
    host: "127.0.0.1",
    headersTimeoutMs: 60_000,
    keepAliveMs: 60_000,
    maxConnections: 100,
    allowedHosts: undefined,
    allowedOrigins: undefined,
    rateLimits: () => ({ requests: 1, remaining: 1 }),
    clientRates: createClientRates({ requestsPerS: 0, rowsPerS: 0, bytesPerS: 0 }),
    counts: {
      replied: (reply) => {
        counted.push(`${reply.method} ${reply.status}`);
        replied.push(reply);
      },
      refused: (code) => counted.push(code),
      watch: () => {},
    },
    onCut: () => {},
    logError: (error) => {
      throw error;
    },
    ...given,
  });
  return server.url;
}

function connection(): Socket {
  const socket = connect(Number(new URL(server?.url ?? "").port), "127.0.0.1");
  open.add(socket);
  // A test that waits for its end reads what came until then.
  return socket.on("error", () => {});
}

const GET = "GET /x HTTP/1.1\r\nHost: localhost\r\n";
const POST = "POST /v1/trips HTTP/1.1\r\nHost: localhost\r\n";

/** Everything that the service says until it closes the connection. */
async function answerTo(...parts: string[]) {
  const socket = connection();
  for (const part of parts) socket.write(part);
  return read(await text(socket));
}

function read(raw: string) {
  const [head = "", body = ""] = raw.split("\r\n\r\n");
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1]);
  return { status, head, body: body.startsWith("{") ? (JSON.parse(body) as Record<string, unknown>) : body };
}

describe("a connection", () => {
  it("on which the headers never end is closed with a 408, however busy it is", async () => {
    await start({ headersTimeoutMs: 200 });
    const socket = connection();
    const dribble = setInterval(() => socket.write("x"), 50);
    socket.write("GET / HTTP/1.1\r\nX-Slow: ");
    const { status, head, body } = read(await text(socket));
    clearInterval(dribble);
    expect([status, body]).toMatchObject([
      408,
      { code: "request_timeout", status: 408, request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
    expect(head).toContain("Content-Type: application/problem+json");
    expect(counted).toEqual(["request_timeout"]);
  });

  it("on which nothing comes is closed", async () => {
    await start({ headersTimeoutMs: 200 });
    expect(read(await text(connection())).status).toBe(408);
  });

  it("that was used is closed when it has been quiet for long, empty lines or not", async () => {
    await start({ keepAliveMs: 400 });
    const socket = connection();
    socket.write(`${GET}\r\n`);
    const blank = setInterval(() => socket.write("\r\n"), 50);
    let received = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      received += part;
    });
    // The service may close with an empty line unread, of which the client hears as a reset.
    await new Promise((closed) => socket.once("close", closed));
    clearInterval(blank);
    expect(received).toContain("200 OK");
  });

  it("stays open while a request on it takes its time", async () => {
    await start({ headersTimeoutMs: 100, keepAliveMs: 100 }, async () => {
      await sleep(600);
      return new Response("done");
    });
    const socket = connection();
    socket.write(`${GET}Connection: close\r\n\r\n`);
    expect(await text(socket)).toContain("done");
  });

  it("over the limit is closed", async () => {
    await start({ maxConnections: 1 });
    await once(connection(), "connect");
    await once(connection(), "close");
    expect(counted).toEqual(["too_many_connections"]);
  });
});

describe("requests that are sent ahead on one connection", () => {
  /** Answers each request when it is told to, and counts those that have begun. */
  async function held() {
    const begun: { path: string; answer: () => void }[] = [];
    await start({}, ({ url }) => {
      const path = new URL(url).pathname;
      return new Promise((resolve) => begun.push({ path, answer: () => resolve(new Response(path)) }));
    });
    return begun;
  }
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const all = (count: number) => Array.from({ length: count }, (_, i) => get(`/${i}`)).join("");

  it("begin one after the other", async () => {
    const begun = await held();
    const socket = connection();
    socket.write(all(10));
    for (let i = 0; i < 10; i++) {
      await expect.poll(() => begun.length).toBe(i + 1);
      await sleep(5);
      expect(begun.map(({ path }) => path)).toEqual(Array.from({ length: i + 1 }, (_, at) => `/${at}`));
      begun[i]?.answer();
      if (i < 9) await once(socket, "data");
    }
    await expect.poll(() => counted).toEqual(Array(10).fill("GET 200"));
  });

  it("end with it", async () => {
    const begun = await held();
    const socket = connection();
    socket.write(all(5));
    await expect.poll(() => begun.length).toBe(1);
    socket.destroy();
    await expect.poll(() => counted).toEqual(["GET 499"]);
    await sleep(20);
    expect(begun).toHaveLength(1);
  });

  it("do not begin behind the last one that is answered before the server stops", async () => {
    const begun = await held();
    const socket = connection();
    socket.write(all(3));
    await expect.poll(() => begun.length).toBe(1);
    server?.drain();
    begun[0]?.answer();
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.answer();
    expect(await text(socket)).toMatch(/Connection: close[^/]*\/1$/i);
    expect(begun).toHaveLength(2);
  });

  it("close it if more than 16 wait", async () => {
    const begun = await held();
    connection().write(all(17));
    await expect.poll(() => begun.length).toBe(1);
    await sleep(20);
    expect(counted).toEqual([]);
    const socket = connection();
    socket.write(all(18));
    await once(socket.resume(), "close");
    expect(counted[0]).toBe("too_many_requests");
  });
});

describe("a request that cannot be read gets a problem:", () => {
  it.each([
    ["what is no HTTP", ["HELO\r\n\r\n"], 400, "invalid_request"],
    ["a host that is none", ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n"], 400, "invalid_request"],
    ["no host", ["GET / HTTP/1.1\r\n\r\n"], 400, "invalid_request"],
    ["long headers", [GET, "X-Long: ", "x".repeat(20_000)], 431, "headers_too_large"],
    ["a long address", ["GET /", "x".repeat(20_000)], 431, "headers_too_large"],
    [
      "lengths that contradict",
      [POST, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
      400,
      "invalid_request",
    ],
  ])("%s", async (_, parts, status, code) => {
    await start();
    const socket = connection();
    for (const part of parts) socket.write(part);
    const [data] = await once(socket, "data");
    const reply = read(String(data));
    expect([reply.status, reply.body]).toMatchObject([status, { code, status, type: `urn:tripgrid:problem:${code}` }]);
    expect(reply.head).not.toMatch(/node|server:/i);
  });

  it("an address that is no URL", async () => {
    await start();
    const { status, body } = await answerTo("GET /a\\b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect([status, body]).toMatchObject([400, { code: "invalid_request" }]);
  });

  it("and one after another that was answered", async () => {
    await start();
    const socket = connection();
    socket.write(`${GET}\r\n`);
    expect(String((await once(socket, "data"))[0])).toContain("200 OK");
    socket.write("GARBAGE\r\n\r\n");
    expect(read(await text(socket)).status).toBe(400);
    expect(counted).toContain("invalid_request");
  });
});

describe("a request that brings trips", () => {
  it("over the limit is refused before its body is read, and the connection stays open", async () => {
    let go = () => {};
    const first = new Promise<void>((resolve) => {
      go = resolve;
    });
    let asked = 0;
    const url = await start({}, async () => {
      asked++;
      await first;
      return new Response("stored");
    });
    const post = (body: string) => fetch(`${url}/v1/trips`, { method: "POST", body });
    const under = post("a");
    while (asked === 0) await sleep(5);
    for (const body of ["small", "x".repeat(1_000_000)]) {
      const refused = await post(body);
      expect(refused.status).toBe(429);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(refused.headers.get("ratelimit-policy")).toContain('"ingest"');
      expect(await refused.json()).toMatchObject({ code: "too_many_requests" });
    }
    // One that asks first never sends its body.
    const socket = connection();
    socket.write(`${POST}Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n`);
    expect(read(await text(socket)).status).toBe(429);
    expect(asked).toBe(1);
    go();
    expect((await under).status).toBe(200);
    expect((await post("next")).status).toBe(200);
  });

  it("is answered with 100 if it expects that", async () => {
    await start({}, async (request) => new Response(await request.text()));
    const socket = connection();
    socket.write(`${POST}Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`);
    const [data] = await once(socket, "data");
    expect(String(data)).toContain("100 Continue");
    socket.write("body");
    expect(await text(socket)).toMatch(/200 OK(.|\r\n)*body$/);
  });
});

it("a refusal is counted once, by its code and by its status", async () => {
  const url = await start();
  expect((await fetch(url, { headers: { origin: "https://evil.example" } })).status).toBe(403);
  expect(counted).toEqual(["forbidden_origin", "GET 403"]);
});

describe("a request", () => {
  it("has an id, in its reply, its problem and its record; a proxy may have given it", async () => {
    await start();
    const { head } = await answerTo(`${GET}Connection: close\r\n\r\n`);
    const own = /^x-request-id: (\S+)$/im.exec(head)?.[1];
    expect(own).toMatch(/^[0-9a-f-]{36}$/);
    const refused = await answerTo(
      "GET /x HTTP/1.1\r\nHost: evil.example\r\nX-Request-Id: from-proxy.1\r\nConnection: close\r\n\r\n",
    );
    expect(refused.body).toMatchObject({ code: "forbidden_host", request_id: "from-proxy.1" });
    const forged = await answerTo(`${GET}X-Request-Id: a b\r\nConnection: close\r\n\r\n`);
    expect(forged.head).not.toContain("a b");
    expect(replied.map(({ record }) => record.id)).toMatchObject([
      own,
      "from-proxy.1",
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it("keeps the trace that it belongs to", async () => {
    await start();
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    await answerTo(`${GET}traceparent: 00-${traceId}-00f067aa0ba902b7-01\r\nConnection: close\r\n\r\n`);
    await answerTo(`${GET}traceparent: 00-${"0".repeat(32)}-00f067aa0ba902b7-01\r\nConnection: close\r\n\r\n`);
    expect(replied.map(({ record }) => record.traceId)).toEqual([traceId, undefined]);
  });

  it("has the address that a trusted proxy names, and no other header changes it", async () => {
    const from = (address: string) => `${GET}X-Forwarded-For: ${address}\r\nConnection: close\r\n\r\n`;
    await start();
    await answerTo(from("203.0.113.9"));
    expect(replied.map(({ record }) => record.client)).toEqual(["127.0.0.1"]);
    await server?.close();
    await start({ trustedProxies: ["127.0.0.0/8"] });
    await answerTo(from("198.51.100.1, 203.0.113.9"));
    expect(replied.map(({ record }) => record.client)).toEqual(["203.0.113.9"]);
  });

  it("is still answered while the server drains, on a connection that then closes", async () => {
    await start();
    server?.drain();
    const { status, head } = await answerTo(`${GET}\r\n`);
    expect(status).toBe(200);
    expect(head).toMatch(/^connection: close$/im);
  });

  it("whose client hung up before the reply is counted as such", async () => {
    let arrived = () => {};
    const arrives = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await start({}, () => {
      arrived();
      return new Promise(() => {});
    });
    const socket = connection();
    socket.write(`${GET}\r\n`);
    await arrives;
    socket.destroy();
    await expect.poll(() => counted, { timeout: 60_000 }).toEqual(["GET 499"]);
  });
});
