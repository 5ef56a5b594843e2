import { AppError } from "../errors.ts";
import { isAway } from "./client.ts";

/**
 * Whether the database is away, full, locked, starting, shutting down or out of a resource. These SQLSTATE classes are
 * no fault of the stored data.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof AppError)
    return ["database_unavailable", "query_timeout", "overloaded", "insufficient_storage"].includes(error.code);
  const { code = "" } = error as { code?: string };
  return isAway(code) || /^(25|40|53|54|55|57|58)/.test(code);
}
