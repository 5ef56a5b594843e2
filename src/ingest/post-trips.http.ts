import { z } from "zod";
import type { CheckCallback, DryRun, Ingest, IngestRequest, MemberReceipt } from "../batches/ingest-request.ts";
import { answeredReceipt, idempotencyKeyOf, noValidRows, rowHeaders } from "../batches/post-rows.http.ts";
import { ReceiptReply, withLinks } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery, sentBody } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { name } from "../kit/storable.ts";
import { charsetNamed, charsetOfType } from "../text/charset.ts";
import { IDENTITIES } from "../trips/identity.ts";

const query = z.strictObject({
  mapping: z.string().optional().meta({
    description: "How the rows become trips; without it they are recognised by their fields",
    example: "native",
  }),
  source: name.optional().meta({
    description: "Who reports the trips, for formats that do not say it; it stands for the mapping's own constant",
    example: "bluebikes",
  }),
  identity: z.enum(IDENTITIES).optional().meta({
    description:
      "`row`: rows without a trip_id are different trips even if they are equal, also when they are sent again. Without it the mapping decides, by default `content`",
  }),
  charset: z.string().max(40).optional().meta({
    description: "The character encoding of the text; without it that of the content type, or the one that is found",
    example: "windows-1252",
  }),
  sheet: z.string().min(1).max(100).optional().meta({ description: "The sheet of an XLSX file; by default the first" }),
  dry_run: z.enum(["true", "false"]).optional().meta({
    description: "`true`: the reply tells what would become of the rows, and nothing is stored",
  }),
  verdicts: z.enum(["all"]).optional().meta({ description: "`all`: the receipt lists every row" }),
  callback: z.string().optional().meta({
    description: "A URL that gets the final receipt, signed; see the documentation of callbacks",
    example: "https://fleet.example/tripgrid",
  }),
});

const headers = rowHeaders.extend({
  prefer: z
    .string()
    .optional()
    .meta({ description: "`respond-async`: a 202 as soon as the body is stored, before its rows are" }),
});

const point = z.unknown().meta({
  description: 'Degrees: [lon, lat], {"lon", "lat"}, a GeoJSON Point, or WKT `POINT (lon lat)`',
  example: [7.6728, 44.9957],
});

const NativeTrip = z
  .object({
    trip_id: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "Without it the trip gets an id made from its content" }),
    source: z.string().max(200),
    region: z.string().max(200).optional(),
    started_at: z.string().meta({
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
      .meta({ description: "Anything else; other fields of the row join it" }),
  })
  .meta({
    id: "NativeTrip",
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

const DryRunSchema = ReceiptReply.omit({
  batch_id: true,
  state: true,
  error: true,
  progress: true,
  created_at: true,
  committed_at: true,
  links: true,
})
  .extend({ dry_run: z.literal(true) })
  .meta({
    id: "DryRun",
    description: "Nothing of it is stored. `duplicates` counts equal rows and trips that are stored",
  });

const MembersSchema = z
  .object({ members: z.array(z.looseObject({ file: z.string() })) })
  .meta({ id: "MemberReceipts", description: "Of a ZIP with several files: the receipt of each, or its error" });

const route: Endpoint["route"] = {
  method: "post",
  path: "/v1/trips",
  tags: ["Ingest"],
  summary: "Send trips",
  description:
    "One trip, an array, NDJSON, CSV, GeoJSON, XLSX or Parquet, also gzipped or in a ZIP. Every row gets its verdict; the good rows, the rejected ones and the receipt are committed before a 200. A large body, or one sent with `Prefer: respond-async`, is stored as it is and acknowledged with 202: its rows follow.",
  request: {
    query,
    headers,
    body: {
      required: true,
      content: {
        "application/json": { schema: z.union([NativeTrip, z.array(NativeTrip)]) },
        "application/x-ndjson": { schema: z.string().meta({ description: "A trip a line" }) },
        "text/csv": {
          schema: z.string().meta({
            description:
              "A header and a trip a row: trip_id,source,region,started_at,origin_lon,origin_lat,destination_lon,destination_lat,…",
          }),
        },
      },
    },
  },
  responses: {
    ...replies(
      200,
      "Committed; or, of a dry run, what would become of the rows",
      z.union([ReceiptReply, DryRunSchema, MembersSchema]),
      ...[400, 413, 415, 429, 503],
    ),
    202: {
      description: "The body is stored, its rows will be: `Location` tells how far they are",
      content: { "application/json": { schema: ReceiptReply } },
    },
    ...noValidRows("a trip"),
  },
};

/** `POST /v1/trips`: a 200 follows the commit of the rows, a 202 follows the commit of the body. */
export function postTrips(ingest: Ingest, dryRun: DryRun, checkCallback: CheckCallback): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const q = readQuery(c, query);
      const respondAsync = prefersAsync(c.req.header("prefer"));
      const contentType = c.req.header("content-type");
      const request: IngestRequest = {
        body: sentBody(c),
        contentType,
        mapping: q.mapping,
        identity: q.identity,
        source: q.source,
        charset: charsetNamed(q.charset) ?? charsetOfType(contentType),
        sheet: q.sheet,
        withVerdicts: q.verdicts === "all",
        idempotencyKey: idempotencyKeyOf(c),
        respondAsync,
        callback: q.callback === undefined ? undefined : checkCallback(q.callback),
      };
      if (q.dry_run === "true") return c.json({ dry_run: true, ...(await dryRun(request)) });
      const taken = await ingest(request);
      if (Array.isArray(taken)) return c.json(...repliesTo(taken));
      const receipt = answeredReceipt(c, taken);
      if (receipt.state === "queued" || receipt.state === "running") {
        if (respondAsync) c.header("Preference-Applied", "respond-async");
        return c.json(receipt, 202);
      }
      if (receipt.state === "failed") {
        throw new AppError("batch_failed", receipt.error?.detail ?? "The batch could not be read.", { receipt });
      }
      return c.json(receipt);
    },
  };
}

/** The reply to a ZIP of several files: a receipt each. */
function repliesTo(members: readonly MemberReceipt[]): [{ members: unknown[] }, 200 | 202 | 422] {
  const receipts = members.flatMap((member) => ("receipt" in member ? [member.receipt] : []));
  const isOpen = receipts.some(({ state }) => state === "queued" || state === "running");
  const hasTrips = receipts.some(({ inserted, duplicates }) => inserted + duplicates > 0);
  const listed = members.map((member) =>
    "receipt" in member ? { file: member.file, ...withLinks(member.receipt) } : member,
  );
  return [{ members: listed }, isOpen ? 202 : hasTrips ? 200 : 422];
}

/** Whether `Prefer` asks for a reply before the work is done (RFC 7240). */
function prefersAsync(prefer = ""): boolean {
  return prefer.split(",").some((preference) => preference.split(";")[0]?.trim().toLowerCase() === "respond-async");
}
