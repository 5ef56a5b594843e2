import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface Connections {
  /** The number of open connections. */
  open(): number;
  /** Records that a request has begun on a connection. */
  began(socket: Socket, response: ServerResponse): void;
}

/**
 * Closes connections on which no request has begun for too long after the last one. Every byte delays Node's own limit
 * for kept connections, also an empty line that begins no request. Connections that never sent a request fall under the
 * limit for headers.
 */
export function watchConnections(server: Server, quietMs: number, everyMs: number): Connections {
  const all = new Map<Socket, { underWay: number; quietSince: number }>();
  server.on("connection", (socket) => {
    all.set(socket, { underWay: 0, quietSince: Number.POSITIVE_INFINITY });
    socket.once("close", () => all.delete(socket));
  });
  const timer = setInterval(() => {
    const limit = performance.now() - quietMs;
    for (const [socket, { underWay, quietSince }] of all) {
      if (underWay === 0 && quietSince < limit) socket.destroy();
    }
  }, everyMs);
  timer.unref();
  server.once("close", () => clearInterval(timer));
  return {
    open: () => all.size,
    began: (socket, response) => {
      const connection = all.get(socket);
      if (!connection) return;
      connection.underWay++;
      response.once("close", () => {
        connection.underWay--;
        connection.quietSince = performance.now();
      });
    },
  };
}
