import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import type { Certificate } from "./certificates.ts";

/** The requests of Kafka's protocol that are looked at, by their API key. */
const METADATA = 3;
const FIND_COORDINATOR = 10;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;
const AUTHENTICATION_FAILED = 58;
const ITERATIONS = 4096;

interface FrontOptions {
  /** `host:port` of the broker behind it. */
  broker: string;
  certificate: Certificate;
  user: string;
  password: string;
}

export interface KafkaFront {
  url: string;
  close(): void;
}

/**
 * A broker of Kafka's protocol with TLS and SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), in front of one that has neither. It answers
 * what concerns SASL, passes on everything else, and puts its own port in the place of the broker's. Before a client
 * has proved who it is, it passes on nothing but the question for versions.
 */
export async function startKafkaFront(options: FrontOptions): Promise<KafkaFront> {
  const [host = "", brokerPort = ""] = options.broker.split(":");
  const sockets = new Set<Socket>();
  let port = 0;
  const { cert, key } = options.certificate;
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const server: Server = createServer(tls, (client) => {
    const broker = connect(Number(brokerPort), host);
    const asked = new Map<number, { api: number; version: number }>();
    const sasl = createSasl(options);
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          client.destroy();
          broker.destroy();
        });
    }
    onFrames(client, (frame) => {
      const [api, version, id] = [frame.readInt16BE(0), frame.readInt16BE(2), frame.readInt32BE(4)];
      const reply = sasl.answer(api, frame.subarray(8 + 2 + Math.max(0, frame.readInt16BE(8))));
      if (reply) return void client.write(framed(Buffer.concat([int32(id), reply])));
      if (!sasl.isKnown() && api !== API_VERSIONS) return void client.destroy();
      asked.set(id, { api, version });
      broker.write(framed(frame));
    });
    onFrames(broker, (frame) => {
      const { api = -1, version = 0 } = asked.get(frame.readInt32BE(0)) ?? {};
      asked.delete(frame.readInt32BE(0));
      if (api === METADATA || api === FIND_COORDINATOR) movePorts(frame, host, Number(brokerPort), port);
      client.write(framed(api === API_VERSIONS ? withSasl(frame, version) : frame));
    });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
  return {
    url: `kafka://127.0.0.1:${port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
const framed = (frame: Buffer) => Buffer.concat([int32(frame.length), frame]);

/** Calls back with each frame that has come as a whole, without its length. */
function onFrames(socket: Socket, each: (frame: Buffer) => void): void {
  let left: Buffer = Buffer.alloc(0);
  socket.on("data", (data: Buffer) => {
    left = Buffer.concat([left, data]);
    while (left.length >= 4 && left.length >= 4 + left.readInt32BE(0)) {
      const end = 4 + left.readInt32BE(0);
      each(left.subarray(4, end));
      left = left.subarray(end);
    }
  });
}

/** A broker is told as its host and, right behind it, its port. */
function movePorts(frame: Buffer, host: string, from: number, to: number): void {
  const told = Buffer.concat([Buffer.from(host), int32(from)]);
  for (let at = frame.indexOf(told); at >= 0; at = frame.indexOf(told, at + 1)) {
    frame.writeInt32BE(to, at + host.length);
  }
}

/** The versions that a broker speaks, with those of SASL. They are a list after an error code; version 3 has another form. */
function withSasl(frame: Buffer, version: number): Buffer {
  if (version > 2) throw new Error(`ApiVersions ${version} is not known here`);
  const count = frame.readInt32BE(6);
  const end = 10 + 6 * count;
  const added = [SASL_HANDSHAKE, SASL_AUTHENTICATE].map((api) =>
    Buffer.concat([int16(api), int16(0), int16(api === SASL_HANDSHAKE ? 1 : 0)]),
  );
  return Buffer.concat([
    frame.subarray(0, 6),
    int32(count + added.length),
    frame.subarray(10, end),
    ...added,
    frame.subarray(end),
  ]);
}

/** The server's side of SASL on one connection. */
function createSasl({ user, password }: Pick<FrontOptions, "user" | "password">) {
  let mechanism = "";
  let isKnown = false;
  let scram: ReturnType<typeof createScram> | undefined;
  const authenticate = (bytes: Buffer): Buffer | undefined => {
    if (mechanism === "PLAIN") {
      isKnown =
        bytes.equals(Buffer.from(`\0${user}\0${password}`)) ||
        bytes.equals(Buffer.from(`${user}\0${user}\0${password}`));
      return isKnown ? Buffer.alloc(0) : undefined;
    }
    if (!scram) {
      scram = createScram(mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512", user, password, String(bytes));
      return scram.first;
    }
    const last = scram.last(String(bytes));
    isKnown = last !== undefined;
    return last;
  };
  return {
    isKnown: () => isKnown,
    /** The reply to a request of SASL, without its id. Undefined: it is another request. */
    answer: (api: number, body: Buffer): Buffer | undefined => {
      if (api === SASL_HANDSHAKE) {
        mechanism = String(body.subarray(2));
        const names = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].map((name) =>
          Buffer.concat([int16(name.length), Buffer.from(name)]),
        );
        return Buffer.concat([int16(0), int32(names.length), ...names]);
      }
      if (api !== SASL_AUTHENTICATE) return undefined;
      const reply = authenticate(body.subarray(4));
      const why = Buffer.from("Authentication failed");
      if (!reply) return Buffer.concat([int16(AUTHENTICATION_FAILED), int16(why.length), why, int32(0)]);
      return Buffer.concat([int16(0), int16(-1), int32(reply.length), reply]);
    },
  };
}

/** The server's side of SCRAM (RFC 5802, RFC 7677) after the client's first message. */
function createScram(hash: "sha256" | "sha512", user: string, password: string, clientFirst: string) {
  const bare = clientFirst.replace(/^n,[^,]*,/, "");
  const [, name, clientNonce] = /^n=([^,]*),r=([^,]*)/.exec(bare) ?? [];
  const salt = randomBytes(16);
  const nonce = `${clientNonce}${randomBytes(12).toString("hex")}`;
  const first = `r=${nonce},s=${salt.toString("base64")},i=${ITERATIONS}`;
  const salted = pbkdf2Sync(password, salt, ITERATIONS, hash === "sha256" ? 32 : 64, hash);
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  return {
    first: Buffer.from(first),
    /** The server's last message. Undefined: the proof is wrong. */
    last: (clientLast: string): Buffer | undefined => {
      const [, unproved = "", proof = ""] = /^(.*),p=(.*)$/.exec(clientLast) ?? [];
      const all = `${bare},${first},${unproved}`;
      const clientKey = hmac(salted, "Client Key");
      const signature = hmac(createHash(hash).update(clientKey).digest(), all);
      const expected = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
      const given = Buffer.from(proof, "base64");
      if (name !== user || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return Buffer.from(`v=${hmac(hmac(salted, "Server Key"), all).toString("base64")}`);
    },
  };
}
