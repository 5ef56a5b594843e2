import { z } from "zod";
import { nearest } from "./nearest.ts";

/** An origin of web pages, in lower case. */
export const ORIGIN = /^https?:\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?$/;

/** A secret of Standard Webhooks. */
export const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

/** A list separated by commas. Each part is turned into lower case and must fit the form. */
export function listOf(form: RegExp | ((part: string) => boolean), expected: string) {
  const fits = typeof form === "function" ? form : (part: string) => form.test(part);
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim().toLowerCase()))
    .refine((parts) => parts.every(fits), `${expected}, separated by commas`);
}

/**
 * Finds misspelt names. Without this check such a setting would silently keep its default.
 *
 * @returns a sentence for each of them
 */
export function unknownSettings(given: Record<string, unknown>, names: readonly string[]): string[] {
  const unknown = Object.keys(given).filter((name) => /^TRIPGRID_(?!TEST_)/.test(name) && !names.includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, names);
    return `${name}: there is no such setting; ${meant ? `${meant} is the nearest` : ".env.example lists all of them"}`;
  });
}

/** Whether the standard variables of OpenTelemetry name an exporter or a collector, and nothing switches traces off. */
export const wantsTraces = (env: Record<string, string | undefined>): boolean =>
  env.OTEL_SDK_DISABLED?.toLowerCase() !== "true" &&
  env.OTEL_TRACES_EXPORTER !== "none" &&
  ["OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].some(
    (name) => env[name] !== undefined,
  );
