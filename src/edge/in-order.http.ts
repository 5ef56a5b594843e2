import { AsyncResource } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

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
 * A connection on which too many wait is closed. If one that waits has a body, Node does not see that the client hung up until
 * the reply before is over.
 *
 * @param onTooMany called with the connection before it is closed
 */
export function createOrder(onTooMany: (socket: Socket) => void) {
  const lines = new WeakMap<Socket, Line>();
  return (socket: Socket, response: ServerResponse, begin: () => void): void => {
    const line = lines.get(socket) ?? { isBusy: false, waiting: [] };
    lines.set(socket, line);
    const start = () => {
      line.isBusy = true;
      begin();
      // The listeners of the request come first, so that it no longer counts when the next one begins.
      response.once("close", () => {
        line.isBusy = false;
        // On a connection that has ended no other request can be answered.
        if (!socket.writable) line.waiting = [];
        line.waiting.shift()?.();
      });
    };
    if (!line.isBusy) start();
    // Without the binding it would begin in the context of the request before, and belong to its trace.
    else if (line.waiting.length < MAX_WAITING) line.waiting.push(AsyncResource.bind(start));
    else if (!socket.destroyed) {
      onTooMany(socket);
      socket.destroy();
    }
  };
}
