// Runs before each test file.

// The listener of @hono/node-server replaces the global Response, and its reply for "already sent" must be made before.
// In a worker that has run another file, it would be made after.
import "@hono/node-server/utils/response";
import { afterAll } from "vitest";
import { failOnLeaks } from "./leaks.ts";
import { killLeftServices } from "./process.ts";

afterAll(async () => {
  await killLeftServices();
  failOnLeaks();
});
