import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { type Problem, type Reply, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const MB = 1024 * 1024;

/** The smallest limit there is. */
const service = useService({ maxBodyBytes: MB });

afterEach(async () => {
  const stored = await service.sql`
    select (select count(*) from tripgrid.trips) as trips, (select count(*) from tripgrid.batches) as batches,
           (select count(*) from tripgrid.rejected_rows) as rejected, (select count(*) from tripgrid.sources) as sources`;
  // Nothing of a body that is refused is ever stored.
  expect(stored[0]).toEqual({ trips: 0, batches: 0, rejected: 0, sources: 0 });
});

const good = JSON.stringify(trip());

describe("a body that is no JSON", () => {
  it.each([
    [`[${good},\n ${good.slice(0, -1)}]`, 2, good.length + 1],
    [`[${good},\n ${good}\n`, 3, 1],
    [`{"source": 'x'}`, 1, 12],
    ["", 1, 1],
  ])("is a 400 with line and column: %j", async (body, line, column) => {
    const reply = await send<Problem>(service, body, { type: "application/json" });
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: "invalid_json", line, column });
  });

  it.each(["5", '"text"', "null", "true"])("that could hold trips is a 400: %s", async (body) => {
    const reply = await send<Problem>(service, body, { type: "application/json" });
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_body"]);
  });
});

describe("a body that is no CSV", () => {
  const header = "source,started_at,origin_lon,origin_lat\n";

  it.each([
    ["an open quote", `${header}s,2018-05-21T08:00:00,7.67,45.05\n"s,2018-05-21T08:00:00,7.67,45.05\n`, /never closed/],
    ["no header", "s,2018-05-21T08:00:00,7.67,45.05\n", /has no header: its first row holds values/],
    ["nothing in it", "", /empty/],
  ])("is a 400 that says why: %s", async (_, body, detail) => {
    const reply = await send<Problem>(service, body, { type: "text/csv" });
    expect([reply.status, reply.body.code]).toEqual([400, "invalid_csv"]);
    expect(reply.body.detail).toMatch(detail);
  });

  it.each([
    [
      "no column for the origin",
      "source,started_at,note\ns,2018-05-21T08:00:00,x\n",
      422,
      "no_mapping",
      /no column origin/,
    ],
    ["an HTML page in it", "<html><body>Bad gateway</body></html>", 415, "unsupported_file", /a web page/],
  ])("says what it is: %s", async (_, body, status, code, detail) => {
    const reply = await send<Problem>(service, body, { type: "text/csv" });
    expect(reply).toMatchObject({ status, body: { code, detail: expect.stringMatching(detail) } });
  });

  it("names the columns that it lacks and those that it has", async () => {
    const { body } = await send<Problem>(service, "source,started_at\ns,2018-05-21T08:00:00\n");
    expect(body).toMatchObject({
      mapping: "native",
      missing_columns: ["origin, or origin_lon and origin_lat"],
      columns: ["source", "started_at"],
    });
  });
});

describe("a body that cannot be decoded", () => {
  it.each([
    ["no JSON in any charset", Buffer.from([0x7b, 0xe9, 0x7d]), {}, 400, "invalid_json"],
    ["not gzip", Buffer.from(good), { "content-encoding": "gzip" }, 400, "invalid_encoding"],
    ["gzip cut short", gzipSync(good).subarray(0, -9), { "content-encoding": "gzip" }, 400, "invalid_encoding"],
    ["of another encoding", Buffer.from(good), { "content-encoding": "br" }, 415, "unsupported_encoding"],
  ])("is refused: %s", async (_, bytes, headers, status, code) => {
    const reply = await send<Problem>(service, bytes, { headers: headers as Record<string, string> });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });
});

describe("a body over the limit is a 413", () => {
  const rows = `[${good}${`,\n${good}`.repeat(20_000)}]`;

  it("by its announced length, before any of it is sent", async () => {
    const { reply, sent } = await stream({ "content-length": String(50 * MB) });
    expect([reply.status, reply.body.code, reply.body.max_bytes]).toEqual([413, "body_too_large", MB]);
    expect(sent).toBeLessThan(50 * MB);
  });

  it("as soon as it gets there, if its length was not announced", async () => {
    const { reply, sent } = await stream({ "transfer-encoding": "chunked" });
    expect([reply.status, reply.body.code]).toEqual([413, "body_too_large"]);
    expect(sent).toBeLessThan(50 * MB);
  });

  it("as soon as it is unpacked there, though it is small as it is sent", async () => {
    const bomb = gzipSync(Buffer.alloc(300 * MB, "x"));
    expect(bomb.length).toBeLessThan(MB);
    const reply = await send<Problem>(service, bomb, { headers: { "content-encoding": "gzip" } });
    expect([reply.status, reply.body.code]).toEqual([413, "body_too_large"]);
  });

  it("and good rows at its begin are not stored", async () => {
    expect((await send<Problem>(service, rows)).status).toBe(413);
  });

  /** Sends good rows without end until there is a reply; gives up at 50 MB. */
  function stream(headers: Record<string, string>): Promise<{ reply: Reply<Problem>; sent: number }> {
    return new Promise((resolve, reject) => {
      const call = request(`${service.url}/v1/trips`, { method: "POST", headers });
      let sent = 0;
      let done = false;
      const more = () => {
        while (!done && sent < 50 * MB) {
          sent += rows.length;
          if (!call.write(rows)) return void call.once("drain", more);
        }
        if (!done) call.end();
      };
      call.on("response", async (response) => {
        done = true;
        const text = (await response.setEncoding("utf8").toArray()).join("");
        call.destroy();
        resolve({ reply: { status: response.statusCode ?? 0, headers: new Headers(), body: JSON.parse(text) }, sent });
      });
      // Once it has replied the service closes the connection, and what is still being written fails.
      call.on("error", (error) => done || reject(error));
      more();
    });
  }
});
