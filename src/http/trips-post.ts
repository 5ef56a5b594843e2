import type { ReadableStream } from "node:stream/web";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type CheckCallback, type Ingest, KEY_DAYS, type Receipt, type SentBody } from "../batch.ts";
import { AppError } from "../errors.ts";
import { isStorable } from "../storable.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
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
  callback: z.string().optional().openapi({
    description: "A URL that gets the final receipt, signed; see the documentation of callbacks",
    example: "https://fleet.example/tripgrid",
  }),
});

const headers = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .refine(isStorable)
    .optional()
    .openapi({
      description: `The same key with the same request gives the same receipt and stores nothing twice, for ${KEY_DAYS} days`,
    }),
  "content-encoding": z.enum(["gzip"]).optional(),
  prefer: z
    .string()
    .optional()
    .openapi({ description: "`respond-async`: a 202 as soon as the body is stored, before its rows are" }),
});

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
    "One trip, an array, NDJSON or CSV, also gzipped. Every row gets its verdict; the good rows, the rejected ones and the receipt are committed before a 200. A large body, or one sent with `Prefer: respond-async`, is stored as it is and acknowledged with 202: its rows follow.",
  request: {
    query,
    headers,
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
    ...replies(200, "Committed", ReceiptSchema, 400, 413, 415, 429, 503),
    202: {
      description: "The body is stored, its rows will be: `Location` tells how far they are",
      content: { "application/json": { schema: ReceiptSchema } },
    },
    422: {
      description:
        "No row is a trip (the problem carries the receipt), or the idempotency key belongs to another request",
      content: {
        "application/problem+json": { schema: z.looseObject({ code: z.string(), receipt: ReceiptSchema.optional() }) },
      },
    },
  },
};

/** `POST /v1/trips`: a 200 comes after the commit of the rows, a 202 after that of the body. */
export function postTrips(ingest: Ingest, checkCallback: CheckCallback): Endpoint {
  return {
    route,
    handle: async (c) => {
      const q = readQuery(c, query);
      const key = headers.shape["idempotency-key"].safeParse(c.req.header("idempotency-key"));
      if (!key.success) throw new AppError("invalid_parameter", "Idempotency-Key: expected 1 to 255 characters.");
      const respondAsync = prefersAsync(c.req.header("prefer"));
      const receipt = withLinks(
        await ingest({
          body: sentBody(c),
          contentType: c.req.header("content-type"),
          mapping: q.mapping,
          identity: q.identity,
          withVerdicts: q.verdicts === "all",
          idempotencyKey: key.data,
          respondAsync,
          callback: q.callback === undefined ? undefined : checkCallback(q.callback),
        }),
      );
      c.header("Location", receipt.links.self);
      if (receipt.state === "queued" || receipt.state === "running") {
        if (respondAsync) c.header("Preference-Applied", "respond-async");
        return c.json(receipt, 202);
      }
      if (receipt.state === "failed") {
        throw new AppError("batch_failed", receipt.error?.detail ?? "The batch could not be read.", { receipt });
      }
      if (receipt.inserted + receipt.duplicates === 0) {
        const detail =
          receipt.received === 0 ? "The request holds no rows." : "Every row was rejected; the receipt says why.";
        throw new AppError("no_valid_rows", detail, { receipt });
      }
      return c.json(receipt);
    },
  };
}

/** Whether `Prefer` asks for a reply before the work is done (RFC 7240). */
function prefersAsync(prefer = ""): boolean {
  return prefer.split(",").some((preference) => preference.split(";")[0]?.trim().toLowerCase() === "respond-async");
}

/** The body of a request, unread. */
export function sentBody(c: Context): SentBody {
  const length = c.req.header("content-length");
  return {
    stream: c.req.raw.body as ReadableStream<Uint8Array> | null,
    contentLength: length === undefined ? undefined : Number(length),
    contentEncoding: c.req.header("content-encoding"),
  };
}

/** A receipt with the addresses where more is to be had. */
export function withLinks(receipt: Receipt) {
  const self = `/v1/batches/${receipt.batch_id}`;
  return { ...receipt, links: { self, events: `${self}/events`, rejects: `${self}/rejects` } };
}
