/**
 * Hostile requests to every address that the OpenAPI document describes, 50 at a time: wide, deep, long, repeated, packed a
 * thousandfold, slow, half-sent, never read, and wrong in every parameter and header. Every reply is one that the document
 * allows, and the process lives. A new address is attacked the day it is added.
 *
 * `TRIPGRID_TEST_ATTACKS` says how many an address gets, 60 unless told and 12 on the embedded engine; 10000 is the full run.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { beforeAll, expect, it } from "vitest";
import { countFrom, engine } from "../harness/index.ts";
import { hostileRequest } from "./harness/hostile-requests.ts";
import { fill, peakMb, useTarget } from "./harness/index.ts";
import { readOperations } from "./harness/operations.ts";
import { randomFrom } from "./harness/random.ts";
import { sendHostile } from "./harness/send-hostile.ts";

const each = countFrom("TRIPGRID_TEST_ATTACKS", engine === "embedded" ? 12 : 60, 10_000);
/** The same requests each time, so that a change is told from chance; the full run draws others. */
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? (each >= 1000 ? Math.floor(Math.random() * 2 ** 31) : 299997533));
const AT_A_TIME = 50;
const TOLD_EVERY = 20_000;

const target = useTarget();
beforeAll(() => fill(target.url, 1000));

it(`${each} hostile requests for each address are answered as described (TRIPGRID_TEST_SEED=${seed})`, {
  timeout: 120_000 + each * 20_000,
}, async () => {
  const operations = await readOperations(target.url);
  expect(operations.length).toBeGreaterThan(20);
  const random = randomFrom(seed);
  const faults = new Map<string, string>();
  // All addresses in turn, so that a heavy one is attacked beside light ones.
  const total = each * operations.length;
  let next = 0;
  const attacker = async () => {
    while (next < total) {
      const operation = operations[next++ % operations.length];
      if (!operation) continue;
      const fault = await sendHostile(target.port, operation, hostileRequest(operation, random));
      const kind = `${operation.method} ${operation.path}: ${fault?.slice(0, 60)}`;
      if (fault && !faults.has(kind)) {
        faults.set(kind, `${operation.method} ${operation.path}: ${fault}`);
        // Told at once: the full run takes more than an hour, and may be broken off.
        process.stderr.write(`${next}: ${operation.method} ${operation.path}: ${fault.slice(0, 400)}\n`);
      }
      if (next % TOLD_EVERY === 0) process.stderr.write(`${next} of ${total}, ${Math.round(peakMb(target.pid))} MB\n`);
    }
  };
  const pings = pinging(target.url);
  await Promise.all(Array.from({ length: AT_A_TIME }, attacker));
  const p99 = await pings.p99();
  process.stdout.write(
    `${total} hostile requests: /livez p99 ${Math.round(p99)} ms, ${Math.round(peakMb(target.pid))} MB at most\n`,
  );
  expect([...faults.values()]).toEqual([]);
  // 200 ms is the aim where the machine does nothing else. Here the attackers share it, and maybe others do: only what hangs
  // takes longer than this.
  expect(p99).toBeLessThan(20_000);
});

/** Asks whether the process lives, ten times a second. */
function pinging(url: string) {
  const pinger = new Worker(new URL("./harness/pinger.mjs", import.meta.url), { workerData: url });
  return {
    p99: async () => {
      pinger.postMessage("over");
      const [times] = (await once(pinger, "message")) as [number[]];
      times.sort((a, b) => a - b);
      return times[Math.ceil(times.length * 0.99) - 1] ?? 0;
    },
  };
}
