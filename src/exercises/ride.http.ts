import { z } from "zod";
import type { Ingest, IngestRequest } from "../batches/ingest-request.ts";
import { type Receipt, withLinks } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { parseBody, readBytes } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";

const integer = z.int().nullable();
const coordinate = z.number().nullable();
const time = z.string().nullable();

const Booking = z
  .object({
    booking_id: z.int(),
    user_id: integer,
    vehicle_model_id: integer,
    package_id: integer,
    travel_type_id: integer,
    from_area_id: integer,
    to_area_id: integer,
    from_city_id: integer,
    to_city_id: integer,
    from_date: z.string().meta({ description: "month/day/year hour:minute:second, local time at the origin" }),
    to_date: time,
    online_booking: integer,
    mobile_site_booking: integer,
    booking_created: time,
    from_lat: z.number(),
    from_long: z.number(),
    to_lat: coordinate,
    to_long: coordinate,
    driver_id: integer,
  })
  .partial()
  .required({ from_date: true, from_lat: true, from_long: true })
  .meta({
    id: "XrideBooking",
    example: {
      booking_id: 132512,
      user_id: 22177,
      vehicle_model_id: 28,
      package_id: null,
      travel_type_id: 2,
      from_area_id: 83,
      to_area_id: 448,
      from_city_id: null,
      to_city_id: null,
      from_date: "1/1/2013 2:00:00",
      to_date: null,
      online_booking: 0,
      mobile_site_booking: 0,
      booking_created: "1/1/2013 1:39:00",
      from_lat: 12.92415,
      from_long: 77.67229,
      to_lat: 12.92732,
      to_long: 77.63575,
      driver_id: 0,
    },
  });

const Reply = z
  .union([
    z.object({ booking_id: z.int().nullable(), status: z.literal("Success") }),
    z.object({ error_message: z.string(), status: z.literal("Failed") }),
  ])
  .meta({ id: "XrideReply" });

/** `POST /xride_data`: one booking, stored when the reply comes. */
export function postRide(ingest: Ingest): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route: {
      method: "post",
      path: "/xride_data",
      tags: ["Exercises"],
      summary: "Send one booking of a taxi platform",
      description:
        "The reply means that the booking is stored, as a trip or as a rejected row. The header `Link` has the address of its receipt.",
      request: { body: jsonBody(Booking) },
      responses: replies(
        200,
        "Stored: as a trip (`Success`), or as a rejected row (`Failed`)",
        Reply,
        400,
        413,
        429,
        503,
      ),
    },
    handle: async (c) => {
      const bytes = await readBytes(c, "small");
      const sent = await parseBody(c, bytes);
      if (typeof sent !== "object" || sent === null || Array.isArray(sent)) {
        throw new AppError("invalid_body", "The body is not one booking; expected a JSON object.");
      }
      const { batch_id, received, verdicts = [] } = await receiptOf(ingest, bytes);
      noteRows(received);
      c.header("Link", `<${withLinks({ batch_id } as Receipt).links.self}>; rel="describedby"`);
      const problems = verdicts.flatMap((verdict) => verdict.problems);
      if (problems.length > 0) {
        const error_message = problems.map(({ field, detail }) => `${field}: ${detail}`).join("; ");
        return c.json({ error_message, status: "Failed" });
      }
      const { booking_id } = sent as { booking_id?: unknown };
      return c.json({ booking_id: typeof booking_id === "number" ? booking_id : null, status: "Success" });
    },
  };
}

async function receiptOf(ingest: Ingest, bytes: Buffer): Promise<Receipt> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream() as unknown as IngestRequest["body"]["stream"];
  const receipt = await ingest({
    body: { stream, contentLength: bytes.length, contentEncoding: undefined },
    contentType: "application/json",
    mapping: "xrides",
    identity: undefined,
    withVerdicts: true,
    idempotencyKey: undefined,
    respondAsync: false,
    callback: undefined,
  });
  if (!Array.isArray(receipt) && receipt.state === "committed") return receipt;
  throw new Error("one booking was not stored at once");
}
