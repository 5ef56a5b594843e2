import { z } from "zod";

/** Times and dates in replies. */
export const Instant = z.iso.datetime({ offset: true }).meta({ example: "2018-05-21T00:54:04Z" });
export const LocalTime = z
  .string()
  .meta({ description: "Wall clock at the origin, without offset", example: "2018-05-21T02:54:04" });
export const DateText = z.iso.date();
