import { z } from "zod";
import { answeredReceipt, idempotencyKeyOf, noValidRows, rowHeaders } from "../batches/post-rows.http.ts";
import { ReceiptReply } from "../batches/receipt.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery, sentBody } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { charsetOfType } from "../text/charset.ts";
import type { ReceiveDetections } from "./receive-detections.ts";

const query = z.strictObject({
  verdicts: z.enum(["all"]).optional().meta({ description: "`all`: the receipt lists every row" }),
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
    headers: rowHeaders,
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
    ...noValidRows("a detection"),
  },
};

/** `POST /v1/detections`: a 200 follows the commit of the rows. */
export function postDetections(receiveDetections: ReceiveDetections): Endpoint {
  return {
    scope: "ingest",
    route,
    handle: async (c) => {
      const { verdicts } = readQuery(c, query);
      const contentType = c.req.header("content-type");
      const receipt = await receiveDetections({
        ...{ body: sentBody(c), contentType, charset: charsetOfType(contentType) },
        ...{ mapping: undefined, identity: undefined, callback: undefined, respondAsync: false },
        withVerdicts: verdicts === "all",
        idempotencyKey: idempotencyKeyOf(c),
      });
      return c.json(answeredReceipt(c, receipt));
    },
  };
}
