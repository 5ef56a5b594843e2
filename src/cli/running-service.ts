import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { basename, relative, sep } from "node:path";
import { Transform } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { TripgridClient } from "../../client/index.ts";
import type { Config } from "../config.ts";
import type { Import, ImportOptions } from "../imports/imports.ts";
import { TakeError, type Target } from "./target.ts";

/** A port on which nothing listens refuses at once. A service that is busy may need some seconds. */
const LOOK_MS = 15_000;

/** True if a Tripgrid service answers at an address. */
export async function isTripgrid(url: string): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(LOOK_MS) });
    return ((await reply.json()) as { info?: { title?: string } }).info?.title === "Tripgrid";
  } catch {
    return false;
  }
}

/** The address of a service with these settings. Undefined: the port is random. */
export function configuredUrl({ host, port }: Pick<Config, "host" | "port">): string | undefined {
  if (port === 0) return undefined;
  const name = /^(0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/**
 * A running service, on this machine or another.
 *
 * @param url without a slash at the end
 * @param inbox the service's inbox, if it is on this machine; files in it need not be sent
 * @param apiKey for a service that asks for credentials
 */
export function runningService(url: string, inbox: string | undefined, apiKey: string | undefined): Target {
  const credential = credentialOf(apiKey);
  let isSending = false;
  // The command asks again by itself, for as long as it has patience.
  const client = new TripgridClient({ url, key: apiKey, timeoutMs: 30_000, retries: 0 });
  return {
    take: async (path, options, onSent) => {
      const inside = inbox === undefined ? undefined : await pathBelow(inbox, path);
      const taken = inside === undefined ? undefined : await takeInside(url, credential, inside, options);
      if (taken) return taken;
      isSending = true;
      return send(url, credential, path, options, onSent).finally(() => {
        isSending = false;
      });
    },
    findImport: (importId) => client.found(`/v1/imports/${importId}`),
    findBatch: (batchId) => client.found(`/v1/batches/${batchId}`),
    rejectsAt: (batchId) => `${url}/v1/batches/${batchId}/rejects`,
    partingWords: () =>
      isSending
        ? "Stopped before the file was sent; the service keeps nothing of it."
        : `The import goes on in the service: ${url}/v1/imports tells how far it is.`,
    stop: async () => {},
  };
}

/** The header that shows a credential. */
export const credentialOf = (apiKey: string | undefined): Record<string, string> =>
  apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

async function pathBelow(folder: string, path: string): Promise<string | undefined> {
  const real = await Promise.all([realpath(folder), realpath(path)]).catch(() => undefined);
  if (!real?.[1].startsWith(real[0] + sep)) return undefined;
  return relative(real[0], real[1]).split(sep).join("/");
}

/** Imports a file in the service's inbox. Undefined: the service has another inbox. */
async function takeInside(
  url: string,
  credential: Record<string, string>,
  path: string,
  options: ImportOptions,
): Promise<Import | undefined> {
  const headers = { ...credential, "content-type": "application/json", "content-length": 0 };
  const body = JSON.stringify({ path, ...options });
  const { status, reply } = await post(
    `${url}/v1/imports`,
    { ...headers, "content-length": Buffer.byteLength(body) },
    (to) => {
      to.end(body);
      return Promise.resolve();
    },
  );
  return status === 404 ? undefined : importFrom(status, reply);
}

async function send(
  url: string,
  credential: Record<string, string>,
  path: string,
  { mapping, source, identity, charset, sheet, again }: ImportOptions,
  onSent: (bytes: number) => void,
): Promise<Import> {
  const given = Object.entries({ mapping, source, identity, charset, sheet }).filter(
    ([, value]) => value !== undefined,
  );
  const query = new URLSearchParams({ file: basename(path), ...(Object.fromEntries(given) as Record<string, string>) });
  if (again) query.set("again", "true");
  const { size } = await stat(path);
  const headers = { ...credential, "content-type": "application/octet-stream", "content-length": size };
  let sent = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      onSent(sent);
      done(null, chunk);
    },
  });
  // Sends only the announced length: a file that grows meanwhile would break the connection.
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024, end: Math.max(0, size - 1) });
  const { status, reply } = await post(`${url}/v1/imports?${query}`, headers, (to) => pipeline(bytes, counter, to));
  return importFrom(status, reply);
}

interface Reply {
  status: number;
  reply: unknown;
}

/** Posts without a time limit: the service reads a file to its end before it answers. */
function post(
  url: string,
  headers: Record<string, string | number>,
  write: (to: ReturnType<typeof httpRequest>) => Promise<void>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sending = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, { method: "POST", headers });
    sending.once("response", (response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      json(response).then(
        (reply) => {
          // The service may have answered before it received everything, because it refuses the file.
          sending.destroy();
          resolve({ status, reply });
        },
        (error) => reject(new TakeError(`the service's answer (${status}) could not be read: ${error.message}`)),
      );
    });
    sending.once("error", (error) =>
      reject(new TakeError(`the connection to the service broke off: ${error.message}`)),
    );
    write(sending).catch((error) => reject(error));
  });
}

function importFrom(status: number, reply: unknown): Import {
  if (status === 200 || status === 202) return reply as Import;
  throw new TakeError((reply as { detail?: string }).detail ?? `the service answers ${status}`);
}
