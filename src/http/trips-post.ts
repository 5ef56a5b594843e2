import type { ReadableStream } from "node:stream/web";
import { z } from "@hono/zod-openapi";
import type { Ingest, Receipt } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { isStorable, readQuery } from "./input.ts";
import { Receipt as ReceiptSchema, replies } from "./schemas.ts";

const query = z.strictObject({
  mapping: z.string().optional().openapi({
    description: "How the rows become trips; without it they are recognised by their fields",
    example: "native",
  }),
  identity: z.enum(["content", "row"]).default("content").openapi({
    description:
      "`row`: rows without a trip_id are different trips even if they are equal, also when they are sent again",
  }),
  verdicts: z.enum(["all"]).optional().openapi({ description: "`all`: the receipt lists every row" }),
});

const idempotencyKey = z.string().min(1).max(255).refine(isStorable).optional();

const point = z.unknown().openapi({
  description: 'Degrees: [lon, lat], {"lon", "lat"}, a GeoJSON Point, or WKT `POINT (lon lat)`',
  example: [7.6728, 44.9957],
});

const NativeTrip = z
  .object({
    trip_id: z
      .string()
      .max(200)
      .optional()
      .openapi({ description: "Without it the trip gets an id made from its content" }),
    source: z.string().max(200),
    region: z.string().max(200).optional(),
    started_at: z.string().openapi({
      description: "ISO 8601; without an offset it is local time at the origin",
      example: "2018-05-21T02:54:04",
    }),
    ended_at: z.string().optional(),
    booked_at: z.string().optional(),
    duration_s: z.number().min(0).optional(),
    distance_m: z.number().min(0).optional(),
    origin: point,
    destination: point.optional(),
    driver_id: z.string().optional(),
    rider_id: z.string().optional(),
    vehicle_model: z.string().optional(),
    attributes: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "Anything else; other fields of the row join it" }),
  })
  .openapi("NativeTrip", {
    example: {
      trip_id: "a1",
      source: "baba_car",
      region: "Turin",
      started_at: "2018-05-21T02:54:04",
      origin: [7.6728, 44.9957],
      destination: [7.7203, 45.0678],
      driver_id: "d9",
      attributes: { vehicle_model_id: 28 },
    },
  });

const route: Endpoint["route"] = {
  method: "post",
  path: "/v1/trips",
  tags: ["Ingest"],
  summary: "Send trips",
  description:
    "One trip, an array, NDJSON or CSV, also gzipped. Every row gets its verdict; the good rows, the rejected ones and the receipt are committed before the reply.",
  request: {
    query,
    headers: z.object({
      "idempotency-key": idempotencyKey.openapi({
        description: "The same key with the same request gives the same receipt and stores nothing twice",
      }),
      "content-encoding": z.enum(["gzip"]).optional(),
    }),
    body: {
      required: true,
      content: {
        "application/json": { schema: z.union([NativeTrip, z.array(NativeTrip)]) },
        "application/x-ndjson": { schema: z.string().openapi({ description: "A trip a line" }) },
        "text/csv": {
          schema: z.string().openapi({
            description:
              "A header and a trip a row: trip_id,source,region,started_at,origin_lon,origin_lat,destination_lon,destination_lat,…",
          }),
        },
      },
    },
  },
  responses: {
    ...replies(200, "Committed", ReceiptSchema, 400, 413, 415, 503),
    422: {
      description:
        "No row is a trip (the problem carries the receipt), or the idempotency key belongs to another request",
      content: {
        "application/problem+json": { schema: z.looseObject({ code: z.string(), receipt: ReceiptSchema.optional() }) },
      },
    },
  },
};

/** `POST /v1/trips`: the reply comes after the commit. */
export function postTrips(ingest: Ingest): Endpoint {
  return {
    route,
    handle: async (c) => {
      const q = readQuery(c, query);
      const key = idempotencyKey.safeParse(c.req.header("idempotency-key"));
      if (!key.success) throw new AppError("invalid_parameter", "Idempotency-Key: expected 1 to 255 characters.");
      const length = c.req.header("content-length");
      const receipt = withLinks(
        await ingest({
          body: {
            stream: c.req.raw.body as ReadableStream<Uint8Array> | null,
            contentLength: length === undefined ? undefined : Number(length),
            contentEncoding: c.req.header("content-encoding"),
          },
          contentType: c.req.header("content-type"),
          mapping: q.mapping,
          identity: q.identity,
          withVerdicts: q.verdicts === "all",
          idempotencyKey: key.data,
        }),
      );
      c.header("Location", receipt.links.self);
      if (receipt.inserted + receipt.duplicates === 0) {
        const detail =
          receipt.received === 0 ? "The request holds no rows." : "Every row was rejected; the receipt says why.";
        throw new AppError("no_valid_rows", detail, { receipt });
      }
      return c.json(receipt);
    },
  };
}

/** A receipt with the addresses where more is to be had. */
export function withLinks(receipt: Receipt) {
  const self = `/v1/batches/${receipt.batch_id}`;
  return { ...receipt, links: { self, events: `${self}/events`, rejects: `${self}/rejects` } };
}
