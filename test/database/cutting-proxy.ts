import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** The way to the database through here. */
  url: string;
  /**
   * Cuts the next connection over which the client sends this text, once: `before` the database gets it, or `after` the
   * database has answered it, and then the client does not get the answer.
   */
  cut(when: "before" | "after", text: string): void;
  /** How many connections were cut so far. */
  cuts(): number;
  close(): void;
}

/** Stands between a service and its database, passes everything on, and understands nothing of it. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const url = new URL(databaseUrl);
  const [host, port] = [url.hostname, Number(url.port || "5432")];
  let armed: { when: "before" | "after"; text: string } | undefined;
  let cuts = 0;
  const open = new Set<Socket>();

  const server = createServer((client) => {
    const database = connect(port, host);
    let mute = false;
    const end = () => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      open.add(socket);
      socket.on("error", end).on("close", () => {
        open.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => {
      if (!armed || !bytes.includes(armed.text)) {
        database.write(bytes);
        return;
      }
      const { when } = armed;
      armed = undefined;
      cuts++;
      if (when === "before") return end();
      mute = true;
      database.write(bytes);
    });
    database.on("data", (bytes) => {
      if (mute) end();
      else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut: (when, text) => {
      armed = { when, text };
    },
    cuts: () => cuts,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
