import { z } from "zod";
import { BrokerStatus } from "../broker/broker-status.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";

const status = z.object({ status: z.literal("ok") }).meta({ example: { status: "ok" } });

/** `GET /livez`: the process answers. */
export function livez(): Endpoint {
  return {
    scope: "public",
    route: {
      method: "get",
      path: "/livez",
      tags: ["Service"],
      summary: "The process is alive",
      responses: replies(200, "Alive", status),
    },
    handle: (c) => c.json({ status: "ok" }),
  };
}

/** The parts that a process needs to do its work, each `ready` or the reason why not. */
const Parts = z.object({ database: z.string(), process: z.string() }).meta({
  example: { database: "ready", process: "ready" },
});
const ready = z.object({
  status: z.literal("ok"),
  parts: Parts,
  broker: BrokerStatus.optional().meta({
    description: "What this process reads of a message broker. A broker that is away fails no request",
  }),
});

/** `GET /readyz`: every part of the service can do its work. The broker is only told of, since HTTP works without it. */
export function readyz(
  ping: () => Promise<void>,
  isStopping: () => boolean,
  brokerStatus: () => BrokerStatus | undefined,
): Endpoint {
  return {
    scope: "public",
    route: {
      method: "get",
      path: "/readyz",
      tags: ["Service"],
      summary: "The service can do its work",
      description: "A 503 or 507 names in `parts` what is not ready.",
      responses: replies(200, "Ready", ready, 503),
    },
    handle: async (c) => {
      const isReady = !isStopping();
      const process = isReady ? "ready" : "stopping";
      try {
        await ping();
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const { code, message, cause, retryAfterSeconds } = error;
        const options = { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
        throw new AppError(code, message, { parts: { database: code, process } }, options);
      }
      const parts = { database: "ready", process };
      if (!isReady) {
        const detail = "The process is stopping: it finishes what is under way.";
        throw new AppError("service_stopping", detail, { parts }, { retryAfterSeconds: 5 });
      }
      const broker = brokerStatus();
      return c.json({ status: "ok", parts, ...(broker ? { broker } : {}) });
    },
  };
}
