import { it } from "vitest";
import { isFull } from "./engines.ts";

/** `it` of the full run only, for a test that takes long. */
export const itInFull = it.runIf(isFull(process.env));
