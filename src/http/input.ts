import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Area, bboxFrom, polygonOfBox } from "../area.ts";
import { AppError, type FieldError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { isStorable } from "../storable.ts";
import { daysFrom, hoursFrom, isDate } from "../week.ts";
import { MATCHES } from "../weekly-averages.ts";

/** Areas and regions; a body of 100,000 vertices takes 4 MB. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** The parameters that questions share, each parsed in one place. */
export const date = z.string().refine(isDate, "expected a date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31");
export const name = z.string().min(1).max(200).refine(isStorable, "expected text without control characters");
export const match = z
  .enum(MATCHES)
  .default("origin")
  .openapi({ description: "Which end of a trip must lie in the area" });

export const hours = z
  .string()
  .openapi({
    description: "Hours of the local day, both ends included: `7-9,17`; `22-4` runs over midnight",
    example: "7-9",
  })
  .transform((text, context) => hoursFrom(text) ?? refuse(context, "expected hours such as 7-9,17"));

export const days = z
  .string()
  .openapi({ description: "Local weekdays: `mon-fri`, `sat,sun`", example: "mon-fri" })
  .transform((text, context) => daysFrom(text) ?? refuse(context, "expected weekdays such as mon-fri or sat,sun"));

export const bbox = z.string().openapi({
  description: "West, south, east, north in degrees; with west > east the box crosses the antimeridian",
  example: "7.58,45.00,7.77,45.14",
});

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** The area that a box or the name of a boundary stands for; at most one of them may be given. */
export function areaFrom(q: { bbox?: string | undefined; boundary?: string | undefined }): Area | undefined {
  if (q.bbox !== undefined && q.boundary !== undefined) {
    const detail = "give either a bbox or a boundary, not both";
    throw new AppError("invalid_parameter", `boundary: ${detail}`, { errors: [{ field: "boundary", detail }] });
  }
  if (q.bbox !== undefined) return { kind: "polygons", polygons: [polygonOfBox(bboxFrom(q.bbox))] };
  return q.boundary === undefined ? undefined : { kind: "boundary", region: q.boundary };
}

/** Reads and parses query parameters by their schema; a parameter twice, or one that is not known, is an error. */
export function readQuery<S extends z.ZodType>(c: Context, schema: S): z.output<S> {
  const given = Object.fromEntries(
    Object.entries(c.req.queries()).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
  return parseWith(schema, given, "invalid_parameter");
}

/** Reads and parses a JSON body by its schema, whatever content type it was sent with. */
export async function readJson<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  return parseWith(schema, parseJson(await readText(c)), "invalid_body");
}

async function readText(c: Context): Promise<string> {
  const tooLarge = () => new AppError("body_too_large", `The body is larger than ${MAX_JSON_BYTES} bytes.`);
  if (Number(c.req.header("content-length") ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_JSON_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  code: "invalid_parameter" | "invalid_body",
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors: FieldError[] = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ field: key, detail: "there is no such parameter" }))
      : [{ field: issue.path.join("."), detail: issue.message }],
  );
  const detail = errors.map((error) => `${error.field}: ${error.detail}`).join("; ");
  throw new AppError(code, detail, { errors });
}
