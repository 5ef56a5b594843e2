import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { ClientRates } from "../kit/client-rates.ts";
import type { RequestRecord } from "../kit/request-record.ts";

/**
 * Counts the bytes of requests and replies for their clients while they move, once in `everyMs`. Counted as one lump, a
 * transfer that is long and slow would be more than its client may take at once.
 *
 * @returns begins to count for a request on a connection. It returns what ends that
 */
export function countMovedBytes(
  server: Server,
  rates: Pick<ClientRates, "move">,
  everyMs = 1000,
): (record: RequestRecord, socket: Socket) => () => void {
  const counted = new WeakMap<Socket, number>();
  const underWay = new Map<RequestRecord, Socket>();
  const count = (record: RequestRecord, socket: Socket) => {
    const all = socket.bytesRead + socket.bytesWritten;
    rates.move(record, all - (counted.get(socket) ?? 0));
    counted.set(socket, all);
  };
  const timer = setInterval(() => {
    // Until a credential is checked it is not known for whom.
    for (const [record, socket] of underWay) if (record.countedFor !== undefined) count(record, socket);
  }, everyMs).unref();
  server.once("close", () => clearInterval(timer));
  return (record, socket) => {
    underWay.set(record, socket);
    return () => {
      underWay.delete(record);
      count(record, socket);
    };
  };
}
