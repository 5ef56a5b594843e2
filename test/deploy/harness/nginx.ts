import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../harness/cluster.ts";

const DEPLOY = resolve(import.meta.dirname, "../../../deploy");

/** Debian puts it where only root's PATH leads. */
const PATH = `${process.env.PATH}:/usr/sbin`;
export const hasNginx = spawnSync("nginx", ["-v"], { env: { PATH } }).status === 0;

export interface Nginx {
  httpsPort: number;
  httpPort: number;
  /** The file with the addresses of the processes. */
  upstreams: string;
  /** The command that makes it read its files again. */
  reload: string;
  folder: string;
  stop(): Promise<void>;
}

/** Starts nginx with the shipped configuration, on other ports and with files of the test's own, before these processes. */
export async function startNginx(ports: number[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "tg-nginx-"));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const file = (name: string) => join(folder, name);
  const subject = ["-subj", "/CN=localhost", "-days", "2"];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject],
      ...["-keyout", file("privkey.pem"), "-out", file("fullchain.pem")],
    ],
    { stdio: "ignore" },
  );
  const shipped = readFileSync(join(DEPLOY, "nginx/upstreams.conf"), "utf8");
  writeFileSync(file("upstreams.conf"), shipped.replace("8081", String(ports[0])).replace("8082", String(ports[1])));
  const server = readFileSync(join(DEPLOY, "nginx/tripgrid.conf"), "utf8")
    .replace(/^ *listen \[::\].*\n/gm, "")
    .replace("listen 80;", `listen 127.0.0.1:${httpPort};`)
    .replace("listen 443 ", `listen 127.0.0.1:${httpsPort} `)
    .replace("/etc/nginx/tripgrid/", `${folder}/`)
    .replaceAll("/etc/nginx/tls/", `${folder}/`);
  writeFileSync(file("tripgrid.conf"), server);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${file(of)};`);
  writeFileSync(
    file("nginx.conf"),
    `${process.getuid?.() === 0 ? "user root root;" : ""} worker_processes 2; pid ${file("pid")}; error_log ${file("error.log")};
     daemon off; events {} http { access_log off; ${temporary.join(" ")} include ${file("tripgrid.conf")}; }`,
  );
  const args = ["-p", folder, "-c", file("nginx.conf"), "-e", file("error.log")];
  const child = spawn("nginx", args, { env: { PATH }, stdio: "ignore" });
  const ended = once(child, "exit");
  const nginx: Nginx = {
    ...{ httpsPort, httpPort, folder, upstreams: file("upstreams.conf") },
    reload: `nginx ${args.join(" ")} -s reload`,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (let ready = false; !ready; ) {
    if (child.exitCode !== null) throw new Error(readFileSync(file("error.log"), "utf8"));
    ready = await ask(nginx, "/livez").then(
      ({ status }) => status > 0,
      () => false,
    );
    if (!ready) await sleep(50);
  }
  return nginx;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends one request over TLS on a connection of its own. */
export async function ask(
  { httpsPort }: Pick<Nginx, "httpsPort">,
  path: string,
  { method = "GET", headers = {}, body = "", from = "127.0.0.1" } = {},
): Promise<Answer> {
  const sent = request({
    ...{ host: "127.0.0.1", port: httpsPort, path, method, headers, localAddress: from },
    // The certificate is made by the test.
    ...{ rejectUnauthorized: false, agent: false },
  });
  sent.end(body);
  const [reply] = await once(sent, "response");
  return { status: reply.statusCode, headers: reply.headers, text: await text(reply) };
}

/** The command and its environment that restart the processes one after another. */
export function rollingRestart(nginx: Nginx, ports: number[], restart: string) {
  const env = { PATH, UPSTREAMS: nginx.upstreams, RELOAD: nginx.reload, RESTART: restart, SETTLE: "1" };
  const child = spawn(join(DEPLOY, "rolling-restart"), ports.map(String), { env, stdio: ["ignore", "pipe", "pipe"] });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  return once(child, "exit").then(async ([status]) => ({ status: status as number, output: (await output).join("") }));
}
