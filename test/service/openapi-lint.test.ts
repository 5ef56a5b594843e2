import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type AppDeps, createApp } from "../../src/app.ts";

const PROJECT = join(import.meta.dirname, "../..");

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}
interface Operation {
  summary?: string;
  operationId?: string;
  security?: object[];
  responses: Record<string, { content?: object }>;
}

// No handler is called, so the dependencies only have to be there.
const nothing = () => {};
const deps = new Proxy({ version: "0.0.0" } as Partial<AppDeps>, {
  get: (all, name) => Reflect.get(all, name) ?? nothing,
});
const document = (await (await createApp(deps as AppDeps).request("/openapi.json")).json()) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

it("Redocly finds no error and no warning in the OpenAPI document", () => {
  const folder = mkdtempSync(join(tmpdir(), "tg-openapi-"));
  const file = join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(PROJECT, "node_modules/@redocly/cli/bin/cli.js"), "lint", "--config", "redocly.yaml", "--format=json", file],
    {
      cwd: PROJECT,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      // It would ask the network.
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    },
  );
  rmSync(folder, { recursive: true });
  const { problems } = JSON.parse(stdout) as { problems: { ruleId: string; message: string; location: object[] }[] };
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location])).toEqual([]);
  expect(status).toBe(0);
});

/** Whether a part of the document shows an example, itself or by reference. */
function hasExample(part: unknown, seen: readonly string[] = []): boolean {
  if (typeof part !== "object" || part === null) return false;
  if ("example" in part || "examples" in part) return true;
  const { $ref } = part as { $ref?: string };
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1) ?? "";
    return !seen.includes(name) && hasExample(document.components.schemas[name], [...seen, name]);
  }
  return Object.values(part).some((inner) => hasExample(inner, seen));
}

it.each(operations)("%s has a summary, a name, an example, its scope and its problems", (_, operation) => {
  expect(operation.summary).toMatch(/\w/);
  expect(operation.operationId).toMatch(/^[a-z][A-Za-z0-9]+$/);
  expect(operation.security).toBeInstanceOf(Array);
  const { responses, ...asked } = operation;
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400);
  expect(hasExample([asked, good])).toBe(true);
  const statuses = Object.keys(responses).filter((status) => Number(status) >= 400);
  expect(statuses).toEqual(expect.arrayContaining(["400", "503"]));
});

it("no two operations have one name", () => {
  const names = operations.map(([, { operationId }]) => operationId);
  expect(names).toEqual([...new Set(names)]);
});
