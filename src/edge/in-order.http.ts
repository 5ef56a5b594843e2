import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How many requests wait on one connection. A client that sends more ahead is not one that waits for replies. */
const MAX_WAITING = 16;

interface Line {
  isBusy: boolean;
  waiting: (() => void)[];
}

/**
 * Lets the requests of a connection begin one after the other. A client may send the next ones before it has a reply. Node
 * begins all of them at once and holds their replies: 500 clients that did not read took 8 GB.
 *
 * A connection on which too many wait is closed.
 *
 * @param onTooMany called when that happens
 */
export function createOrder(onTooMany: () => void) {
  const lines = new WeakMap<Duplex, Line>();
  return (socket: Duplex, response: ServerResponse, begin: () => void): void => {
    const line = lines.get(socket) ?? { isBusy: false, waiting: [] };
    lines.set(socket, line);
    const start = () => {
      line.isBusy = true;
      response.once("close", () => {
        line.isBusy = false;
        // On a connection that has ended no other request can be answered.
        if (!socket.writable) line.waiting = [];
        line.waiting.shift()?.();
      });
      begin();
    };
    if (!line.isBusy) start();
    else if (line.waiting.length < MAX_WAITING) line.waiting.push(start);
    else if (!socket.destroyed) {
      onTooMany();
      socket.destroy();
    }
  };
}
