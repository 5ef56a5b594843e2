import { z } from "zod";
import { ERRORS, type ErrorCode } from "../errors.ts";

/**
 * The error reply that all endpoints share. The schemas have the shapes of the types in `src/`, and a test checks the
 * replies against them.
 */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    request_id: z.string().optional().meta({ description: "Also in the header `X-Request-Id`, and in the log" }),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457; `code` is stable, `detail` is for people" });

interface Described {
  content: Record<string, { schema: z.ZodType }>;
  description: string;
}

/** The replies that an endpoint can give: its own, and problems for these statuses. */
export function replies(
  status: number,
  description: string,
  schema: z.ZodType,
  ...failures: number[]
): Record<string, Described> {
  const success = { content: { "application/json": { schema } }, description };
  return { [status]: success, ...problems(...failures) };
}

/** Problems for these statuses. */
export function problems(...statuses: number[]): Record<string, Described> {
  return Object.fromEntries(
    statuses.map((code) => [
      String(code),
      { content: { "application/problem+json": { schema: Problem } }, description: titles(code) },
    ]),
  );
}

const titles = (status: number) =>
  Object.entries(ERRORS)
    .filter(([, error]) => error.status === status)
    .map(([code]) => code)
    .join(", ");
