import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { noteRows } from "../kit/request-record.ts";
import { isStorable } from "../kit/storable.ts";
import { KEY_DAYS } from "./batch.ts";
import { type Receipt, ReceiptReply, withLinks } from "./receipt.ts";

/** The headers of a request that brings rows. */
export const rowHeaders = z.object({
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

/**
 * The idempotency key of a request. Undefined: it has none.
 *
 * @throws AppError invalid_parameter
 */
export function idempotencyKeyOf(c: Context): string | undefined {
  const key = rowHeaders.shape["idempotency-key"].safeParse(c.req.header("idempotency-key"));
  if (!key.success) throw new AppError("invalid_parameter", "Idempotency-Key: expected 1 to 255 characters.");
  return key.data;
}

/** The reply to a request of which no row is stored. */
export const noValidRows = (a: "a trip" | "a detection") => ({
  422: {
    description: `No row is ${a} (the problem carries the receipt), or the idempotency key belongs to another request`,
    content: {
      "application/problem+json": { schema: z.looseObject({ code: z.string(), receipt: ReceiptReply.optional() }) },
    },
  },
});

/**
 * The receipt of a request as it is answered, with its headers set.
 *
 * @throws AppError no_valid_rows if all rows were looked at and none is good
 */
export function answeredReceipt(c: Context, stored: Receipt): ReturnType<typeof withLinks> {
  const receipt = withLinks(stored);
  noteRows(receipt.received);
  c.header("Location", receipt.links.self);
  const hasNoCounts = receipt.state === "queued" || receipt.state === "running" || receipt.state === "failed";
  if (!hasNoCounts && receipt.inserted + receipt.duplicates === 0) {
    const detail =
      receipt.received === 0 ? "The request holds no rows." : "Every row was rejected; the receipt says why.";
    throw new AppError("no_valid_rows", detail, { receipt });
  }
  return receipt;
}
