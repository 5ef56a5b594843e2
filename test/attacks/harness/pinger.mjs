/**
 * Asks whether the service at `workerData` lives, ten times a second, until it gets a message; then tells how long each
 * reply took, in milliseconds, Infinity if there was none. It is a thread of its own: an attacker who packs a body must not
 * delay it.
 */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

const times = [];
let isOver = false;
parentPort?.once("message", () => {
  isOver = true;
});

const isAlive = () =>
  new Promise((resolve) => {
    const asked = get(`${workerData}/livez`, { agent: false, timeout: 60_000 }, (reply) => {
      reply.resume().once("close", () => resolve(reply.statusCode === 200));
    });
    asked.once("timeout", () => asked.destroy(new Error("no reply")));
    asked.once("error", () => resolve(false));
  });

while (!isOver) {
  const started = performance.now();
  times.push((await isAlive()) ? performance.now() - started : Number.POSITIVE_INFINITY);
  await sleep(100);
}
parentPort?.postMessage(times);
