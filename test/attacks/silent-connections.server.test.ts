/** Connections that send nothing, or headers without an end: they are closed, whatever they do. */
import { expect, it } from "vitest";
import { head, oneTrip, open, post, until, useTarget } from "./harness/index.ts";

const target = useTarget({ TRIPGRID_HEADERS_TIMEOUT_S: "1.5", TRIPGRID_KEEP_ALIVE_S: "1.5" });

it.each([
  ["silent", ""],
  ["with headers that never end", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: "],
  ["used once and kept", head("GET", "/livez", {})],
])("200 connections, %s, are closed while others are served", async (_, begin) => {
  let closed = 0;
  const sockets = Array.from({ length: 200 }, () => open(target.port).resume());
  for (const socket of sockets) {
    socket.on("close", () => closed++);
    socket.write(begin);
  }
  // A byte or an empty line now and then puts nothing off.
  const dribble = setInterval(() => {
    for (const socket of sockets) socket.write(begin.endsWith("\r\n") ? "\r\n" : "x".repeat(begin.length > 0 ? 1 : 0));
  }, 300);
  try {
    expect((await post(target.url, oneTrip())).status).toBe(200);
    await until("all are closed", 20_000, async () => closed === 200);
  } finally {
    clearInterval(dribble);
    for (const socket of sockets) socket.destroy();
  }
});
