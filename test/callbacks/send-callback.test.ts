import { createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import type { DueCallback } from "../../src/callbacks/callback.ts";
import { publicLookup, type Resolve } from "../../src/callbacks/public-lookup.ts";
import { createSender, type SenderOptions } from "../../src/callbacks/send-callback.ts";
import { receiptOf } from "../events/support.ts";

const KEY = Buffer.from("0123456789abcdef0123456789abcdef");
const SECRET = `whsec_${KEY.toString("base64")}`;
const goOn = new AbortController().signal;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver on loopback, and what it got. */
async function receiver(reply: (response: ServerResponse, path: string) => void = (response) => response.end()) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    received.push({ method, path, headers, body: await text(request) });
    reply(response, path ?? "");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { received, port, url: `http://127.0.0.1:${port}/trips?a=b` };
}

const sender = (more: Partial<SenderOptions> = {}) =>
  createSender({ secret: SECRET, allowPrivate: true, present: (receipt) => ({ ...receipt, more: "é" }), ...more });

function due(url: string): DueCallback {
  const id = randomUUID();
  return { id, url, attempt: 1, payload: receiptOf(id, "committed", 3) };
}

describe("a receipt", () => {
  it("is posted as it is shown, signed so that the package accepts it", async () => {
    const { received, url } = await receiver();
    const callback = due(url);
    expect(await sender()(callback, goOn)).toBe("delivered");
    const [got] = received;
    expect(got).toMatchObject({ method: "POST", path: "/trips?a=b", headers: { "content-type": "application/json" } });
    expect(JSON.parse(got?.body ?? "")).toEqual({ ...callback.payload, more: "é" });
    expect(got?.headers["webhook-id"]).toBe(callback.id);
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(got?.body ?? "", headers)).toEqual(JSON.parse(got?.body ?? ""));
    expect(() => new Webhook(SECRET).verify(`${got?.body} `, headers)).toThrow();
    expect(() => new Webhook(`whsec_${KEY.toString("hex")}`).verify(got?.body ?? "", headers)).toThrow();
  });

  it("has a signature that can be made by hand", async () => {
    const { received, url } = await receiver();
    await sender({ now: () => new Date("2026-11-20T12:00:00.999Z") })(due(url), goOn);
    const { headers = {}, body = "" } = received[0] ?? {};
    expect(headers["webhook-timestamp"]).toBe("1795176000");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", KEY).update(signed).digest("base64")}`);
  });
});

describe("a reply", () => {
  it.each<[number, object | "delivered"]>([
    [200, "delivered"],
    [204, "delivered"],
    [299, "delivered"],
    [302, { error: "status 302, and redirects are not followed", isLast: false }],
    [400, { error: "status 400", isLast: false }],
    [410, { error: "status 410", isLast: true }],
    [500, { error: "status 500", isLast: false }],
  ])("with status %i", async (status, expected) => {
    const { received, url } = await receiver((response) => {
      response.writeHead(status, { location: "/elsewhere" }).end();
    });
    expect(await sender()(due(url), goOn)).toEqual(expected);
    expect(received.map(({ path }) => path)).toEqual(["/trips?a=b"]);
  });

  it("without an end is not waited for, and not read", async () => {
    let isCut = false;
    const { url } = await receiver((response) => {
      response.on("close", () => {
        isCut = true;
      });
      const write = () => {
        while (response.write("x".repeat(10_000)));
        response.once("drain", write);
      };
      write();
    });
    // Were its end waited for, there would be no reply in time.
    expect(await sender()(due(url), goOn)).toBe("delivered");
    await expect.poll(() => isCut).toBe(true);
  });

  it("that does not come is not waited for longer than agreed", async () => {
    const { url } = await receiver(() => {});
    expect(await sender({ timeoutMs: 100 })(due(url), goOn)).toEqual({ error: "no reply within 0.1 s", isLast: false });
  });

  it("is not waited for when the service stops", async () => {
    const { url, received } = await receiver(() => {});
    const stop = new AbortController();
    const sent = sender()(due(url), stop.signal);
    await expect.poll(() => received.length).toBe(1);
    stop.abort();
    expect(await sent).toEqual({ error: "the service stopped", isLast: false });
  });
});

it("a receiver that is not there is a failure that says so", async () => {
  const { url } = await receiver();
  servers.pop()?.close();
  expect(await sender()(due(url), goOn)).toMatchObject({ error: expect.stringMatching(/ECONNREFUSED/), isLast: false });
});

describe("a name", () => {
  const leadsTo = (...addresses: string[]) => {
    const asked: string[] = [];
    const resolve: Resolve = (hostname, _, callback) => {
      asked.push(hostname);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
    return { asked, resolve };
  };

  it.each([
    [["127.0.0.1"]],
    [["::1"]],
    [["::ffff:127.0.0.1"]],
    [["169.254.169.254"]],
    // A connection tries them one after the other.
    [["192.88.98.1", "127.0.0.1"]],
  ])("that leads to %j is not called", async (addresses) => {
    const { received, port } = await receiver();
    const { asked, resolve } = leadsTo(...addresses);
    const send = sender({ allowPrivate: false, resolve });
    expect(await send(due(`http://rebinding.example:${port}/`), goOn)).toEqual({
      error: "rebinding.example leads to an address that is not of the public internet",
      isLast: false,
    });
    expect([asked, received]).toEqual([["rebinding.example"], []]);
  });

  it.each([true, false])("is asked for once: what was checked is what is connected to (all: %s)", (all) => {
    const { asked, resolve } = leadsTo("192.88.98.1", "2606:4700:4700::1111");
    const answers: unknown[] = [];
    publicLookup(resolve)("rebinding.example", { all }, (...answer) => answers.push(answer));
    const first = { address: "192.88.98.1", family: 4 };
    const expected = all
      ? [null, [first, { address: "2606:4700:4700::1111", family: 6 }]]
      : [null, first.address, first.family];
    expect([asked, answers]).toEqual([["rebinding.example"], [expected]]);
  });

  it("that leads nowhere is a failure that says so", async () => {
    const { resolve } = leadsTo();
    const send = sender({ allowPrivate: false, resolve });
    expect(await send(due("http://nowhere.example/"), goOn)).toEqual({
      error: "nowhere.example has no address",
      isLast: false,
    });
  });
});

it.each(["http://127.0.0.1:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://0x7f.1:PORT/"])(
  "%s is not called, whoever has stored it",
  async (url) => {
    const { received, port } = await receiver();
    const send = sender({ allowPrivate: false });
    expect(await send(due(url.replace("PORT", String(port))), goOn)).toMatchObject({
      error: expect.stringContaining("public internet"),
    });
    expect(received).toEqual([]);
  },
);

it("a secret that is none ends the start with one sentence", () => {
  expect(() => sender({ secret: "whsec_abc" })).toThrow("TRIPGRID_CALLBACK_SECRET");
});
