import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a service and its database, and can swallow everything while every connection stays open. */
export interface BlackHole {
  /** The way to the database through here. */
  url: string;
  /** From now on nothing is passed on, and new connections are taken and left alone. */
  swallow(): void;
  /** Passes on again what is sent from now on; what was swallowed is lost, so those connections are closed. */
  open(): void;
  close(): void;
}

export async function startBlackHole(databaseUrl: string): Promise<BlackHole> {
  const url = new URL(databaseUrl);
  const [host, port] = [url.hostname, Number(url.port || "5432")];
  const sockets = new Set<Socket>();
  let swallows = false;
  const server = createServer((client) => {
    const database = connect(port, host);
    const end = () => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on("error", end).on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => swallows || database.write(bytes));
    database.on("data", (bytes) => swallows || client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallow: () => {
      swallows = true;
    },
    open: () => {
      swallows = false;
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
