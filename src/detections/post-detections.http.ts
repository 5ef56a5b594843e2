import { z } from "zod";
import { KEY_DAYS } from "../batches/batch.ts";
import { ReceiptReply, withLinks } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery, sentBody } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";
import { isStorable } from "../kit/storable.ts";
import { charsetOfType } from "../text/charset.ts";
import type { ReceiveDetections } from "./receive-detections.ts";

const query = z.strictObject({
  verdicts: z.enum(["all"]).optional().meta({ description: "`all`: the receipt lists every row" }),
});

const headers = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .refine(isStorable)
    .optional()
    .meta({
      description: `The same key with the same request gives the same receipt and stores nothing twice, for ${KEY_DAYS} days`,
    }),
  "content-encoding": z.enum(["gzip"]).optional(),
});

const SentDetection = z
  .looseObject({
    Year: z.int(),
    Make: z.string(),
    Model: z.string(),
    Category: z.string(),
    id: z.uuid().optional().meta({ description: "Without it the detection gets one" }),
    seen_at: z.string().optional().meta({
      description:
        "ISO 8601; without an offset it is local time at the location; without it the detection is seen when it arrives",
      example: "2025-03-05T07:12:09Z",
    }),
    camera: z.string().max(200).optional(),
    location: z
      .unknown()
      .optional()
      .meta({
        description: 'Degrees: [lon, lat], {"lon", "lat"}, a GeoJSON Point, or WKT',
        example: [7.6728, 44.9957],
      }),
    attributes: z.record(z.string(), z.unknown()).optional().meta({
      description: "Anything else; other members join it",
    }),
  })
  .meta({
    id: "Detection",
    description: "A vehicle seen. The case of the members' names does not matter",
    example: { Year: 2011, Make: "Toyota", Model: "Land Cruiser", Category: "SUV", camera: "north gate" },
  });

const route: Endpoint["route"] = {
  method: "post",
  path: "/v1/detections",
  tags: ["Detections"],
  summary: "Send detections: vehicles seen",
  description:
    "One detection, an array, NDJSON or CSV, also gzipped. Every row gets its verdict; the good rows, the rejected ones and the receipt are committed before the reply. A body holds at most 50,000 rows and TRIPGRID_SYNC_BODY_MB megabytes.",
  request: {
    query,
    headers,
    body: {
      required: true,
      content: {
        "application/json": { schema: z.union([SentDetection, z.array(SentDetection)]) },
        "application/x-ndjson": { schema: z.string().meta({ description: "A detection a line" }) },
        "text/csv": {
          schema: z.string().meta({
            description:
              "A header and a detection a row: Year,Make,Model,Category,id,seen_at,camera,location_lon,location_lat,…",
          }),
        },
      },
    },
  },
  responses: {
    ...replies(200, "Committed", ReceiptReply, 400, 413, 415, 429, 503),
    422: {
      description:
        "No row is a detection (the problem carries the receipt), or the idempotency key belongs to another request",
      content: {
        "application/problem+json": { schema: z.looseObject({ code: z.string(), receipt: ReceiptReply.optional() }) },
      },
    },
  },
};

/** `POST /v1/detections`: a 200 follows the commit of the rows. */
export function postDetections(receiveDetections: ReceiveDetections): Endpoint {
  return {
    scope: "ingest",
    route,
    handle: async (c) => {
      const { verdicts } = readQuery(c, query);
      const key = headers.shape["idempotency-key"].safeParse(c.req.header("idempotency-key"));
      if (!key.success) throw new AppError("invalid_parameter", "Idempotency-Key: expected 1 to 255 characters.");
      const contentType = c.req.header("content-type");
      const receipt = withLinks(
        await receiveDetections({
          ...{ body: sentBody(c), contentType, charset: charsetOfType(contentType) },
          ...{ mapping: undefined, identity: undefined, callback: undefined, respondAsync: false },
          withVerdicts: verdicts === "all",
          idempotencyKey: key.data,
        }),
      );
      noteRows(receipt.received);
      c.header("Location", receipt.links.self);
      if (receipt.inserted + receipt.duplicates > 0) return c.json(receipt);
      const detail =
        receipt.received === 0 ? "The request holds no rows." : "Every row was rejected; the receipt says why.";
      throw new AppError("no_valid_rows", detail, { receipt });
    },
  };
}
