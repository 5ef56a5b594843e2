import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer, request as plainRequest } from "node:http";
import { connect, constants } from "node:http2";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import {
  freePort,
  freshDatabase,
  itInFull,
  type SpawnedService,
  spawnService,
  type TestDatabase,
} from "../harness/index.ts";
import { ask, hasNginx, type Nginx, rollingRestart, startNginx } from "./harness/nginx.ts";

const trip = (id: string, more: object = {}) =>
  JSON.stringify({ trip_id: id, source: "fleet", started_at: "2018-05-21T08:00:00", origin: [7.67, 45.05], ...more });
const JSON_TYPE = { "content-type": "application/json" };

describe.skipIf(!hasNginx)(`nginx before two processes${hasNginx ? "" : " (nginx is not installed)"}`, () => {
  let database: TestDatabase;
  let nginx: Nginx;
  let ports: number[];
  const services = new Map<number, SpawnedService>();

  async function start(port: number): Promise<void> {
    const service = spawnService({
      ...database.env,
      PORT: String(port),
      TRIPGRID_DRAIN_S: "5",
      TRIPGRID_TRUSTED_PROXIES: "127.0.0.1",
      TRIPGRID_INGEST_TIMEOUT_S: "120",
    });
    services.set(port, service);
    await service.listening();
  }

  beforeAll(async () => {
    database = await freshDatabase();
    ports = [await freePort(), await freePort()];
    await Promise.all(ports.map(start));
    nginx = await startNginx(ports);
  });
  afterAll(async () => {
    await nginx?.stop();
    for (const service of services.values()) service.kill("SIGKILL");
    await Promise.all([...services.values()].map(({ exited }) => exited));
    await database?.drop();
  });

  const logged = (field: string, value: unknown) =>
    [...services.values()].flatMap((service) => service.log()).find((line) => line[field] === value);

  it("takes trips by HTTP/2 and TLS, and leads plain HTTP there", async () => {
    const session = connect(`https://127.0.0.1:${nginx.httpsPort}`, { rejectUnauthorized: false });
    const stream = session.request({ ":method": "POST", ":path": "/v1/trips", ...JSON_TYPE });
    stream.end(trip("h2"));
    const [headers] = await once(stream, "response");
    expect(headers[constants.HTTP2_HEADER_STATUS]).toBe(200);
    expect(JSON.parse(await text(stream))).toMatchObject({ inserted: 1 });
    session.close();
    const plain = plainRequest(`http://127.0.0.1:${nginx.httpPort}/v1/trips?x=1`).end();
    const [redirect] = await once(plain, "response");
    redirect.resume();
    expect([redirect.statusCode, redirect.headers.location]).toEqual([308, "https://127.0.0.1/v1/trips?x=1"]);
  });

  it("tells the processes who asks, whatever the client claims, and hides the metrics", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9", "x-request-id": "who-asks" };
    const reply = await ask(nginx, "/v1/trips/fleet/nobody", { from: "127.0.0.2", headers });
    expect([reply.status, JSON.parse(reply.text).request_id]).toEqual([404, "who-asks"]);
    await expect
      .poll(() => logged("request_id", "who-asks"), { timeout: 60_000 })
      .toMatchObject({ client: "127.0.0.2" });
    expect((await ask(nginx, "/metrics")).status).toBe(404);
  });

  it("lets a request with one key through once, whichever process gets it", async () => {
    const post = () =>
      ask(nginx, "/v1/trips", {
        method: "POST",
        headers: { ...JSON_TYPE, "idempotency-key": "k" },
        body: trip("once"),
      });
    const replies = await Promise.all(Array.from({ length: 8 }, post));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(replies.map((reply) => (JSON.parse(reply.text) as Receipt).batch_id)).size).toBe(1);
  });

  it("passes events on as they come, from both processes", async () => {
    const options = {
      host: "127.0.0.1",
      port: nginx.httpsPort,
      path: "/v1/events",
      rejectUnauthorized: false,
      agent: false,
    };
    const [events] = await once(request(options).end(), "response");
    let received = "";
    events.setEncoding("utf8").on("data", (part: string) => {
      received += part;
    });
    const posted = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        ask(nginx, "/v1/trips", { method: "POST", headers: JSON_TYPE, body: trip(`event ${n}`) }),
      ),
    );
    for (const { text: body } of posted) {
      const { batch_id } = JSON.parse(body) as Receipt;
      await expect.poll(() => received.includes(batch_id), { timeout: 60_000 }).toBe(true);
    }
    events.destroy();
  });

  it("passes a large body on while it comes, and refuses one that is too large", async () => {
    const upload = request({
      ...{ host: "127.0.0.1", port: nginx.httpsPort, path: "/v1/trips", method: "POST", agent: false },
      ...{ headers: { "content-type": "application/x-ndjson" }, rejectUnauthorized: false },
    });
    upload.write(`${trip("large 1")}\n${" ".repeat(600_000)}\n`);
    const held = async () => {
      const texts = await Promise.all(
        ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
      );
      return texts.some((metrics) => Number(/held_bytes\{purpose="bodies"\} (\d+)/.exec(metrics)?.[1]) > 500_000);
    };
    // Half of it is there before the other half is sent, and not in a file of nginx.
    await expect.poll(held, { timeout: 60_000 }).toBe(true);
    expect(readdirSync(join(nginx.folder, "client_body"))).toEqual([]);
    upload.end(`${trip("large 2")}\n`);
    const [reply] = await once(upload, "response");
    expect([reply.statusCode, JSON.parse(await text(reply))]).toMatchObject([200, { received: 2 }]);

    const tooLarge = request({
      ...{ host: "127.0.0.1", port: nginx.httpsPort, path: "/v1/trips", method: "POST", agent: false },
      ...{ headers: { ...JSON_TYPE, "content-length": 257 * 1024 * 1024 }, rejectUnauthorized: false },
    });
    tooLarge.on("error", () => {});
    tooLarge.flushHeaders();
    const [refusal] = await once(tooLarge, "response");
    expect([refusal.statusCode, JSON.parse(await text(refusal))]).toMatchObject([413, { code: "body_too_large" }]);
    tooLarge.destroy();
  });

  // Each of the two restarts takes as long as the drain.
  itInFull("loses no request while the processes are restarted one after another", async () => {
    const restarts: number[] = [];
    const control = createServer(async (order, done) => {
      const port = Number(order.url?.slice(1));
      const old = services.get(port);
      old?.kill("SIGTERM");
      expect(await old?.exited).toEqual({ status: 0, signal: null });
      await start(port);
      restarts.push(port);
      done.end();
    });
    await new Promise<void>((listening) => control.listen(0, "127.0.0.1", listening));
    const { port } = control.address() as AddressInfo;

    let isOver = false;
    const failures: unknown[] = [];
    let acknowledged = 0;
    const client = async (name: number) => {
      for (let n = 0; !isOver; n++) {
        try {
          const body = trip(`${name}-${n}`, { source: "rolling" });
          const reply = await ask(nginx, "/v1/trips", { method: "POST", headers: JSON_TYPE, body });
          if (reply.status === 200) acknowledged += (JSON.parse(reply.text) as Receipt).inserted;
          else failures.push(reply);
          const answer = await ask(nginx, "/v1/weekly-averages?source=rolling");
          if (answer.status !== 200) failures.push(answer);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const clients = [1, 2, 3, 4].map(client);
    const rolled = await rollingRestart(nginx, ports, `curl --silent --fail --request POST http://127.0.0.1:${port}/`);
    isOver = true;
    await Promise.all(clients);
    control.close();
    expect(rolled).toEqual({ status: 0, output: ports.map((one) => `${one} is restarted\n`).join("") });
    expect(restarts).toEqual(ports);
    expect(failures).toEqual([]);
    expect(acknowledged).toBeGreaterThan(20);
    const counted = await ask(nginx, "/v1/trips/count?by=source&source=rolling");
    expect(JSON.parse(counted.text)).toMatchObject({ total: acknowledged });
    // Either process refreshes the rollups, one at a time.
    const lag = async () =>
      (JSON.parse((await ask(nginx, "/v1/rollups")).text) as { weeks_behind: number }).weeks_behind;
    await expect.poll(lag, { timeout: 120_000 }).toBe(0);
  });
});
