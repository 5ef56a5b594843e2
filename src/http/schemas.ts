import { z } from "@hono/zod-openapi";
import { ERRORS, type ErrorCode } from "../errors.ts";

/** What several endpoints answer with. The shapes are those of the words in `src/`; a test holds the replies against them. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .openapi("Problem", { description: "RFC 9457; `code` is stable, `detail` is for people" });

export const Instant = z.iso.datetime({ offset: true }).openapi({ example: "2018-05-21T00:54:04Z" });
export const LocalTime = z
  .string()
  .openapi({ description: "Wall clock at the origin, without offset", example: "2018-05-21T02:54:04" });
export const DateText = z.iso.date();
export const PointPair = z.tuple([z.number(), z.number()]).openapi({ description: "Longitude, latitude in degrees" });

const FieldProblem = z.object({ field: z.string(), code: z.string(), detail: z.string() }).openapi("FieldProblem");

export const Receipt = z
  .object({
    batch_id: z.uuid(),
    state: z.enum(["queued", "running", "committed", "failed"]),
    mapping: z.string().nullable(),
    received: z.int(),
    inserted: z.int(),
    duplicates: z.int(),
    rejected: z.int(),
    rejects: z
      .array(FieldProblem.extend({ row: z.int(), trip_id: z.string().nullable() }))
      .openapi({ description: "The first 100 rejected rows, each with its first fault" }),
    verdicts: z
      .array(
        z.object({
          row: z.int(),
          trip_id: z.string().nullable(),
          verdict: z.enum(["inserted", "duplicate", "rejected"]),
          problems: z.array(FieldProblem),
        }),
      )
      .optional()
      .openapi({ description: "Every row, where the request asked for verdicts=all" }),
    error: z.object({ code: z.string(), detail: z.string() }).optional(),
    progress: z
      .object({
        bytes: z.int(),
        bytes_done: z.int(),
        rows_per_second: z.number(),
        seconds_left: z.number().nullable(),
      })
      .optional()
      .openapi({ description: "Of a batch that is queued or running" }),
    created_at: Instant,
    committed_at: Instant.nullable(),
    links: z.object({ self: z.string(), events: z.string(), rejects: z.string() }),
  })
  .openapi("Receipt", { description: "Once committed: received = inserted + duplicates + rejected" });

export const Trip = z
  .object({
    trip_id: z.string(),
    source: z.string(),
    region: z.string().nullable(),
    local_time: LocalTime,
    started_at: Instant,
    ended_at: Instant.nullable(),
    booked_at: Instant.nullable(),
    duration_s: z.number().nullable(),
    distance_m: z.number().nullable(),
    origin: PointPair,
    destination: PointPair.nullable(),
    origin_cell: z.string(),
    destination_cell: z.string().nullable(),
    driver_id: z.string().nullable(),
    rider_id: z.string().nullable(),
    vehicle_model: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()),
  })
  .openapi("Trip");

export const WindowSchema = z.object({ from: DateText, to: DateText }).nullable().openapi("Window", {
  description: "Mondays, local; `to` is not included. Null if nothing was found and no dates were given",
});

/** The replies that an endpoint can give: its own, and problems for these statuses. */
export function replies(status: number, description: string, schema: z.ZodType, ...problems: number[]) {
  const json = { content: { "application/json": { schema } }, description };
  const failures = problems.map((code) => [
    String(code),
    { content: { "application/problem+json": { schema: Problem } }, description: titles(code) },
  ]);
  return { [status]: json, ...Object.fromEntries(failures) };
}

const titles = (status: number) =>
  Object.entries(ERRORS)
    .filter(([, error]) => error.status === status)
    .map(([code]) => code)
    .join(", ");
