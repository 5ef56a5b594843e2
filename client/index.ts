export { type ClientOptions, type RequestOptions, type SendOptions, TripgridClient, TripgridError } from "./client.ts";
export { type RetryRules, retryAfterMs, withRetries } from "./retry.ts";
export type { Counts, NativeTrip, Problem, Receipt, WeeklyAnswer, WeeklyQuestion } from "./types.ts";
