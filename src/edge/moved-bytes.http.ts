import type { Socket } from "node:net";

/** Makes a function that gives the bytes which a connection has moved, both ways, since it was asked last. */
export function movedBytes(): (socket: Socket) => number {
  const counted = new WeakMap<Socket, number>();
  return (socket) => {
    const all = socket.bytesRead + socket.bytesWritten;
    const news = all - (counted.get(socket) ?? 0);
    counted.set(socket, all);
    return news;
  };
}
