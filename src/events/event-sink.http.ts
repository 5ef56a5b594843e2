import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { note } from "../kit/request-record.ts";

/** The output of one reply that never ends by itself. */
export interface EventSink {
  /** Returns whether more is taken now. If not, `onDrain` is called once it is. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  /** Breaks the connection off. */
  destroy(): void;
  onDrain: () => void;
  /** Called when the client has gone. */
  onClose: () => void;
}

/**
 * Begins a reply. If there is a connection, the bytes go to it directly: a web stream takes several promises for each
 * piece, which is slow with thousands of followers.
 */
export function openSink(c: Context, headers: Record<string, string>): { sink: EventSink; reply: Response } {
  note({ isStream: true });
  const outgoing = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
  const prepared = c.body(null, 200, headers);
  if (!outgoing) return streamSink(prepared.headers);
  outgoing.writeHead(200, Object.fromEntries(prepared.headers));
  outgoing.flushHeaders();
  const sink: EventSink = {
    write: (bytes) => outgoing.write(bytes),
    end: () => void outgoing.end(),
    destroy: () => void outgoing.destroy(),
    onDrain: () => {},
    onClose: () => {},
  };
  outgoing.on("drain", () => sink.onDrain());
  outgoing.on("close", () => sink.onClose());
  outgoing.on("error", () => sink.onClose());
  return { sink, reply: RESPONSE_ALREADY_SENT };
}

/** The sink of a request without a connection, as in tests. */
function streamSink(headers: Headers): { sink: EventSink; reply: Response } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    pull: () => sink.onDrain(),
    cancel: () => sink.onClose(),
  });
  const sink: EventSink = {
    write: (bytes) => {
      controller?.enqueue(bytes);
      return (controller?.desiredSize ?? 0) > 0;
    },
    end: () => controller?.close(),
    destroy: () => controller?.error(new Error("The connection was cut.")),
    onDrain: () => {},
    onClose: () => {},
  };
  return { sink, reply: new Response(stream, { status: 200, headers }) };
}
