import { setTimeout as sleep } from "node:timers/promises";
import { open } from "./ask.ts";
import type { HostileRequest } from "./hostile-requests.ts";
import type { Operation } from "./operations.ts";

/** After which a request that was sent whole counts as one that never ends. */
const DEADLINE_MS = 60_000;
/** Streams of events have no end; so much of one is enough. */
const ENOUGH_BYTES = 256 * 1024;
const LISTEN_MS = 500;
/** Of a longer body the rest may break off while it is refused, and the reply with it. */
const MAY_BREAK_BYTES = 32 * 1024;
/** A receipt within a problem lists 100 rejected rows, each with up to 220 characters. */
const MAX_PROBLEM = 40_000;

interface Raw {
  how: "closed" | "timeout" | "enough";
  bytes: Buffer;
}

/** Sends a hostile request; gives what is wrong with the reply, if anything is. */
export async function sendHostile(
  port: number,
  operation: Operation,
  request: HostileRequest,
): Promise<string | undefined> {
  const raw = await exchange(port, request);
  const fault = faultOf(raw, operation, request);
  return fault && `${fault} (${request.what})`;
}

async function exchange(port: number, { manner, head, body }: HostileRequest): Promise<Raw> {
  const socket = open(port);
  const parts: Buffer[] = [];
  let bytes = 0;
  const ended = new Promise<Raw["how"]>((end) => {
    socket.on("close", () => end("closed"));
    setTimeout(() => end("timeout"), manner === "whole" || manner === "slowly" ? DEADLINE_MS : 2000).unref();
    if (manner === "unread") {
      setTimeout(() => end("enough"), 800).unref();
      return;
    }
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > ENOUGH_BYTES) end("enough");
      if (parts.length === 1 && part.includes("text/event-stream")) setTimeout(() => end("enough"), LISTEN_MS).unref();
    });
  });
  socket.write(head, "latin1");
  if (manner === "half") socket.write(body.subarray(0, body.length / 2));
  else if (manner === "slowly") {
    const step = Math.ceil(body.length / 4) || 1;
    for (let from = 0; from < body.length && !socket.destroyed; from += step) {
      socket.write(body.subarray(from, from + step));
      await sleep(150);
    }
  } else socket.write(body);
  const how = await ended;
  socket.destroy();
  return { how, bytes: Buffer.concat(parts) };
}

function faultOf(
  { how, bytes }: Raw,
  operation: Operation,
  { manner, body, head }: HostileRequest,
): string | undefined {
  const text = bytes.toString("utf8");
  const last = text.replace(/^HTTP\/1.1 100 [^\r]*\r\n\r\n/, "");
  const status = Number(/^HTTP\/1.1 (\d{3})/.exec(last)?.[1] ?? 0);
  if (status === 0) {
    if (how === "timeout" && (manner === "whole" || manner === "slowly")) return "no reply within a minute";
    const mayBreak = manner === "half" || manner === "unread" || body.length > MAY_BREAK_BYTES || head.length > 16_000;
    return mayBreak ? undefined : "the connection was closed without a reply";
  }
  const [headers = "", ...rest] = last.split("\r\n\r\n");
  const type = /^content-type: ([^;\r\n]+)/im.exec(headers)?.[1]?.trim() ?? "";
  const allowed = operation.answers.get(status)?.map((one) => one.split(";")[0] ?? "");
  const say = () => `${status} ${type || "without a type"}: ${rest.join("").slice(0, 150)}`;
  if (!allowed) return `a status that is not described, ${say()}`;
  if (allowed.length > 0 && !allowed.includes(type)) return `a type that is not described, ${say()}`;
  if (type === "application/problem+json" && how === "enough")
    return `a problem of ${bytes.length} bytes and more, ${say()}`;
  if (type === "application/problem+json") return problemFault(status, rest.join("\r\n\r\n"), say);
  if (/node_modules|\.[cm]?[jt]s:\d+:\d+/.test(rest.join("")))
    return `a reply that gives away what runs here, ${say()}`;
  return undefined;
}

function problemFault(status: number, text: string, say: () => string): string | undefined {
  // In chunks the length of each stands before it; there is one.
  const json = /\{.*\}/s.exec(text)?.[0] ?? "";
  try {
    const problem = JSON.parse(json) as Record<string, unknown>;
    const isWhole =
      problem.status === status &&
      problem.type === `urn:tripgrid:problem:${problem.code}` &&
      typeof problem.title === "string" &&
      typeof problem.detail === "string";
    if (!isWhole) return `a problem without its members, ${say()}`;
    if (text.length > MAX_PROBLEM) return `a problem of ${text.length} characters, ${say()}`;
    if (/node_modules|\.[cm]?[jt]s:\d+:\d+|tripgrid_internal|SQLSTATE/.test(text))
      return `a problem that gives away too much, ${say()}`;
    return undefined;
  } catch {
    // A problem that was cut off with its connection cannot be judged.
    return json === "" ? undefined : `a problem that is no JSON, ${say()}`;
  }
}
