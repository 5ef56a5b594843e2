// Runs before each test file.

// The listener of @hono/node-server replaces the global Response, and its reply for "already sent" must be made before.
// In a worker that has run another file, it would be made after.
import "@hono/node-server/utils/response";
import { afterAll, afterEach } from "vitest";
import { failOnLeaks } from "./leaks.ts";
import { killLeftServices, takeLoggedErrors } from "./process.ts";

afterEach(({ task }) => {
  const errors = takeLoggedErrors();
  if (task.result?.state === "fail" && errors.length > 0) {
    process.stderr.write(`"${task.name}" failed. Its processes logged these errors:\n${errors.join("\n")}\n`);
  }
});
afterAll(async () => {
  await killLeftServices();
  failOnLeaks();
});
