import { connect, createServer } from "node:net";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { postgis } from "@electric-sql/pglite-postgis";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { raiseExceptions } from "./embedded-exceptions.js";

/**
 * The thread that the embedded engine runs in, since a running query blocks its thread. Its SQL is reached by a socket
 * file, and by a TCP port on loopback where one is asked for. JavaScript, since a thread starts without the loader that
 * runs our TypeScript; its types are checked all the same.
 *
 * @typedef {{ dataFolder: string; socketPath: string; sqlPort: number | undefined;
 *   postgisBundle: string | undefined }} EmbeddedWorkerData
 */

const { dataFolder, socketPath, sqlPort, postgisBundle } = /** @type {EmbeddedWorkerData} */ (workerData);
raiseExceptions();
/** @type {typeof postgis} */
const slimPostgis = {
  ...postgis,
  setup: async (db, options) => {
    const whole = await postgis.setup(db, options);
    return postgisBundle ? { ...whole, bundlePath: pathToFileURL(postgisBundle) } : whole;
  },
};
const db = await PGlite.create({ dataDir: dataFolder, extensions: { postgis: slimPostgis } });
/** The socket server goes on asking for a moment after it was stopped, about connections that have just ended. */
let closing = false;
const shared = oneAtATime(db);

const server = new PGLiteSocketServer({ db: shared, path: socketPath, maxConnections: 20 });
await server.start();
// A server keeps transactions apart by its own queue, so there is one server: the port only leads to its socket file.
const port = createServer((client) => {
  const behind = connect(socketPath);
  client.pipe(behind).pipe(client);
  client.on("error", () => behind.destroy());
  behind.on("error", () => client.destroy());
});
if (sqlPort)
  await new Promise((listening, failed) =>
    port.once("error", failed).listen(sqlPort, "127.0.0.1", () => listening(true)),
  );
parentPort?.postMessage("ready");

parentPort?.once("message", async () => {
  port.close();
  await server.stop();
  closing = true;
  await db.close();
  parentPort?.postMessage("closed");
  parentPort?.close();
});

/**
 * All connections share one session, and the socket server switches between them at every message, except inside a
 * transaction. An extended query is several messages (Parse, Bind, Execute, Sync), so two clients could execute each
 * other's portal. Hence a connection keeps the session until its Sync: the server is told that it is in a transaction.
 *
 * @param {PGlite} real
 * @returns {PGlite}
 */
function oneAtATime(real) {
  let unfinished = false;
  /** @type {Partial<PGlite>} */
  const own = {
    isInTransaction: () => !closing && (unfinished || real.isInTransaction()),
    execProtocolRawStream: (message, options) => {
      const type = String.fromCharCode(message[0] ?? 0);
      if ("PBDECHdcf".includes(type)) unfinished = true;
      else if ("SQ".includes(type)) unfinished = false;
      return real.execProtocolRawStream(message, "PBDECH".includes(type) ? withoutReady(options) : options);
    },
    // The server rolls back what a client that went away left behind.
    exec: (query, options) => {
      unfinished = false;
      return real.exec(query, options);
    },
  };
  return new Proxy(real, {
    get: (target, key) => {
      const value = Reflect.get(key in own ? own : target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * After an error in an extended query PGlite says twice that it is ready for the next one: at once, and as the protocol has
 * it at the Sync. A client that has sent more by then takes the second one for the end of its next query, whose result it
 * believes to be empty. Hence the first is left out. As an error is flushed, only changed settings can stand before it.
 *
 * @param {Parameters<PGlite["execProtocolRawStream"]>[1]} options
 * @returns {Parameters<PGlite["execProtocolRawStream"]>[1]}
 */
function withoutReady(options) {
  return {
    ...options,
    onRawData: (data) => {
      const ready = readyAfterSettings(data);
      if (ready !== 0) options?.onRawData?.(data.subarray(0, ready));
    },
  };
}

/**
 * Where ReadyForQuery begins in data that hold nothing else but ParameterStatus before it; otherwise the end of the data.
 *
 * @param {Uint8Array} data
 */
function readyAfterSettings(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [setting, ready, readyLength] = [0x53, 0x5a, 6];
  let at = 0;
  while (at + readyLength < data.length && data[at] === setting) at += 1 + Math.max(4, view.getInt32(at + 1));
  const found = at + readyLength === data.length && data[at] === ready && view.getInt32(at + 1) === readyLength - 1;
  return found ? at : data.length;
}
