/** Bodies that are announced or begun and never end: memory is taken for them as they come, within what is set apart. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { ask, expectProblem, head, oneTrip, open, post, useTarget } from "./harness/index.ts";

const target = useTarget();
const sockets = new Set<ReturnType<typeof open>>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

function begin(path: string, headers: Record<string, string | number>, bytes: number): void {
  const socket = open(target.port);
  sockets.add(socket);
  // What the service says meanwhile is thrown away.
  socket.resume();
  socket.write(head("POST", path, { "content-type": "application/json", ...headers }));
  const chunked = "transfer-encoding" in headers;
  if (chunked) socket.write(`${bytes.toString(16)}\r\n`);
  socket.write(Buffer.alloc(bytes - 1, "["));
}

const MB = 1024 * 1024;
const questions = ["/v1/weekly-averages", "/v1/clusters", "/v1/query"];

it.each([
  ["announced", { "content-length": 16 * MB }, 15 * MB],
  ["in pieces, each within the limit of a question", { "transfer-encoding": "chunked" }, 3.9 * MB],
] as const)("80 questions that never end, %s, leave room for others", async (_, headers, bytes) => {
  for (let i = 0; i < 80; i++) begin(questions[i % 3] ?? "", headers, Math.floor(bytes));
  await sleep(3000);
  const asked = await ask(target.url, { method: "POST", path: "/v1/query", body: "{}" });
  if (asked.status !== 200) expectProblem(asked, 429, 503);
  expect((await post(target.url, oneTrip())).status).toBe(200);
});

it("60 posts that never end leave room for others", async () => {
  for (let i = 0; i < 60; i++) begin("/v1/trips", { "content-length": 8 * MB }, 7 * MB);
  await sleep(3000);
  expect((await post(target.url, oneTrip())).status).toBe(200);
});
