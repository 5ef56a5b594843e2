/** Brokers that ask for TLS and for a user: who may connect, and what is told of it when one may not. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { BrokerAway } from "../../src/messaging/broker.ts";
import { type BrokerSettings, brokerSettings } from "../../src/messaging/broker-settings.ts";
import { openBroker } from "../../src/messaging/open-broker.ts";
import { startKafka, startNats } from "../harness/brokers.ts";
import { type Certificate, makeCertificate } from "../harness/certificates.ts";
import { lacksKafka, lacksNats } from "../harness/find-programs.ts";
import { startKafkaFront } from "../harness/kafka-front.ts";
import { createReader, open, opened, outgoing } from "./open-adapter.ts";

const within = { timeout: 60_000 };

/** Publishes and reads a message with these settings. */
async function worksWith(env: Record<string, string>): Promise<void> {
  const broker = open(env);
  expect(await broker.publish([{ ...outgoing("t", Buffer.from("x")), headers: {} }])).toEqual([undefined]);
  const reader = createReader(broker, "t", 0);
  await expect.poll(() => reader.values().at(-1), within).toBe("x");
  await reader.subscription.stop();
}

/** Expects that these settings are refused with this reason, and that the adapter goes on trying. */
async function isRefused(env: Record<string, string>, reason: RegExp): Promise<void> {
  const broker = open(env);
  const error: Error = await broker.publish([outgoing("t", Buffer.from("x"))]).then(
    () => expect.fail("it was not refused"),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(BrokerAway);
  expect(error.message).toMatch(reason);
  const reader = createReader(broker, "t", 0);
  await expect.poll(() => reader.faults.length, within).toBeGreaterThan(1);
  expect(reader.faults[0]?.message).toMatch(reason);
  await reader.subscription.stop();
}

const UNTRUSTED = /self-signed certificate|self signed certificate|unable to verify/;

describe.skipIf(lacksNats() !== undefined)("NATS", () => {
  const tlsOf = ({ cert, key }: Certificate) => ["--tls", "--tlscert", cert, "--tlskey", key];

  test("with TLS and a password is reached, and says what is wrong with another password or certificate", async () => {
    const certificate = makeCertificate();
    const server = await startNats([...tlsOf(certificate), "--user", "u", "--pass", "p"]);
    opened.push({ close: server.kill });
    const env = {
      ...{ TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_USER: "u", TRIPGRID_BROKER_PASSWORD: "p" },
      ...{ TRIPGRID_BROKER_TLS: "true", TRIPGRID_BROKER_CA_FILE: certificate.cert },
    };
    await worksWith(env);
    await isRefused({ ...env, TRIPGRID_BROKER_PASSWORD: "q" }, /NATS cannot be reached.*Authorization Violation/i);
    await isRefused({ ...env, TRIPGRID_BROKER_CA_FILE: makeCertificate().cert }, UNTRUSTED);
  });

  test("that asks for a certificate of the client is reached with one", async () => {
    const certificate = makeCertificate();
    const client = makeCertificate("tripgrid");
    const server = await startNats([...tlsOf(certificate), "--tlsverify", "--tlscacert", client.cert]);
    opened.push({ close: server.kill });
    await worksWith({
      ...{ TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_TLS: "true", TRIPGRID_BROKER_CA_FILE: certificate.cert },
      ...{ TRIPGRID_BROKER_CERT_FILE: client.cert, TRIPGRID_BROKER_KEY_FILE: client.key },
    });
  });

  test("that lets a user publish to some topics only says so of the others", async () => {
    const config = join(mkdtempSync(join(tmpdir(), "tripgrid-nats-")), "nats.conf");
    writeFileSync(
      config,
      `authorization { users = [{ user: u, password: p, permissions: { publish: { deny: ["t"] } } }] }`,
    );
    const server = await startNats(["-c", config]);
    opened.push({ close: server.kill });
    const secret = { TRIPGRID_BROKER_USER: "u", TRIPGRID_BROKER_PASSWORD: "p" };
    const broker = open({ TRIPGRID_BROKER_URL: server.url, ...secret });
    const sent = ["t", "other"].map((topic) => ({ ...outgoing(topic, Buffer.from("x")), headers: {} }));
    const detail = expect.stringMatching(/t: .*Permissions Violation/i);
    expect(await broker.publish(sent)).toEqual([{ detail, mayPass: true, isOfTopic: true }, undefined]);
  });

  test("is reached with a credentials file, and not with that of another account", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tripgrid-nats-"));
    const operator = nkeys.createOperator();
    const [account, stranger, system] = [nkeys.createAccount(), nkeys.createAccount(), nkeys.createAccount()];
    const config = join(folder, "nats.conf");
    const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1 };
    const store = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
    const accountJwt = jwt(operator, account, { type: "account", limits: { ...limits, ...store } });
    writeFileSync(
      config,
      `operator: ${jwt(operator, operator, { type: "operator" })}
       resolver: MEMORY
       system_account: ${system.getPublicKey()}
       resolver_preload: {
         ${account.getPublicKey()}: ${accountJwt}
         ${system.getPublicKey()}: ${jwt(operator, system, { type: "account", limits })}
       }`,
    );
    const server = await startNats(["-c", config]);
    opened.push({ close: server.kill });
    const credentials = (of: nkeys.KeyPair, name: string) => {
      const user = nkeys.createUser();
      const text = jwt(of, user, { type: "user", subs: -1, data: -1, payload: -1 });
      const file = join(folder, name);
      const seed = new TextDecoder().decode(user.getSeed());
      writeFileSync(
        file,
        `-----BEGIN NATS USER JWT-----\n${text}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
      );
      return { TRIPGRID_BROKER_URL: server.url, TRIPGRID_BROKER_CREDENTIALS_FILE: file };
    };
    await worksWith(credentials(account, "right.creds"));
    await isRefused(credentials(stranger, "wrong.creds"), /NATS cannot be reached.*Authorization Violation/i);
  });
});

/** A claim of NATS about `subject`, signed by `issuer`. */
function jwt(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const about = { jti: subject.getPublicKey(), iat: Math.floor(Date.now() / 1000), iss: issuer.getPublicKey() };
  const claims = { ...about, name: "test", sub: subject.getPublicKey(), nats: { ...nats, version: 2 } };
  const text = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`;
}

describe.skipIf(lacksKafka() !== undefined)("Kafka", () => {
  test("with TLS and SASL is reached, and says what is wrong with another password or certificate", async () => {
    const certificate = makeCertificate();
    const cluster = await startKafka();
    await cluster.say("create t 1");
    const secret = { user: "u", password: "p" };
    const front = await startKafkaFront({ broker: cluster.brokers[0] ?? "", certificate, ...secret });
    opened.push(front);
    const env = {
      ...{ TRIPGRID_BROKER_URL: front.url, TRIPGRID_BROKER_USER: "u", TRIPGRID_BROKER_PASSWORD: "p" },
      ...{ TRIPGRID_BROKER_TLS: "true", TRIPGRID_BROKER_CA_FILE: certificate.cert },
    };
    await worksWith(env);
    for (const sasl of ["plain", "scram-sha-256", "scram-sha-512"]) {
      await worksWith({ ...env, TRIPGRID_BROKER_SASL: sasl });
      const wrong = { ...env, TRIPGRID_BROKER_SASL: sasl, TRIPGRID_BROKER_PASSWORD: "q" };
      await isRefused(wrong, /SASL.*failed/i);
    }
    await isRefused({ ...env, TRIPGRID_BROKER_CA_FILE: makeCertificate().cert }, UNTRUSTED);
  });
});

test.each(["kafka", "nats"])(
  "a file of the settings of %s that cannot be read stops the start, and is named",
  async (kind) => {
    const env = { TRIPGRID_BROKER_URL: `${kind}://127.0.0.1`, TRIPGRID_BROKER_TLS: "true" };
    const settings = brokerSettings(
      readConfig({ ...env, TRIPGRID_BROKER_CA_FILE: "/nowhere/ca.pem" }),
    ) as BrokerSettings;
    await expect(openBroker(settings)).rejects.toThrow(/file of the broker's settings.*\/nowhere\/ca\.pem/);
  },
);
