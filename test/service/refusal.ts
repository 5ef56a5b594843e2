import { expect } from "vitest";
import { spawnService } from "../harness/index.ts";

/** Starts the service with settings that it must refuse: by one sentence for a person, and the exit status 1. */
export async function expectRefusal(env: Record<string, string>, sentence: RegExp): Promise<void> {
  const service = spawnService(env);
  const { status } = await service.listening().then(
    (url) => {
      throw new Error(`It was to refuse, but listens on ${url}`);
    },
    () => service.exited,
  );
  expect(service.stderr()).toMatch(sentence);
  // One line has no room for a stack trace.
  expect(service.stderr()).toMatch(/^tripgrid: [A-Z][^\n]+\n$/);
  expect(status).toBe(1);
  const password = env.DATABASE_URL && URL.canParse(env.DATABASE_URL) ? new URL(env.DATABASE_URL).password : "";
  if (password) expect(service.stderr()).not.toContain(password);
}
