import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newKey } from "../../src/auth/key-text.ts";
import { StartError } from "../../src/errors.ts";
import { freshDatabase, startTestService } from "../harness/index.ts";
import { as } from "./support.ts";

it("a service that other machines reach does not start without credentials, and names the settings", async () => {
  const starting = startTestService({ host: "0.0.0.0" });
  await expect(starting).rejects.toBeInstanceOf(StartError);
  await expect(starting).rejects.toThrow(/HOST is 0\.0\.0\.0.*TRIPGRID_FIRST_KEY_FILE, TRIPGRID_JWKS_URL/);
});

it("it makes a first key for a file that is named, once, for its own user alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tripgrid-first-key-"));
  const database = await freshDatabase();
  const firstKeyFile = join(folder, "keys/first");
  try {
    const service = await startTestService({ host: "0.0.0.0", firstKeyFile }, database);
    const key = (await readFile(firstKeyFile, "utf8")).trim();
    expect((await stat(firstKeyFile)).mode & 0o777).toBe(0o600);
    const url = service.url.replace("0.0.0.0", "127.0.0.1");
    expect((await as({ url }, undefined).get("/v1/keys")).status).toBe(401);
    const { body } = await as({ url }, key).get<{ keys: object[] }>("/v1/keys");
    expect(body.keys).toMatchObject([{ name: "first", scopes: ["ingest", "read", "trips", "admin"] }]);
    expect(service.warnings.join()).not.toContain(key);
    await service.stop();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("it takes the key that the file holds, as a mounted secret, also in two processes at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tripgrid-first-key-"));
  const firstKeyFile = join(folder, "key");
  const key = newKey();
  await writeFile(firstKeyFile, `${key}\n`, { mode: 0o400 });
  const service = await startTestService({ firstKeyFile });
  try {
    const { body } = await as(service, key).get<{ keys: object[] }>("/v1/keys");
    expect(body.keys).toMatchObject([{ name: "first", scopes: ["ingest", "read", "trips", "admin"] }]);
    // Another process that saw no key either.
    await service.deps.addKey({
      ...{ name: "first", scopes: ["admin"], source: undefined, region: undefined },
      ...{ expiresAt: undefined, createdBy: undefined, key },
    });
    const again = await as(service, key).get<{ keys: object[] }>("/v1/keys");
    expect(again.body.keys).toEqual(body.keys);
    expect(await readFile(firstKeyFile, "utf8")).toBe(`${key}\n`);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true });
  }
});

it("it does not start with a file that holds something else, and leaves it as it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tripgrid-first-key-"));
  const firstKeyFile = join(folder, "key");
  try {
    await writeFile(firstKeyFile, "my shopping list\n");
    const starting = startTestService({ firstKeyFile });
    await expect(starting).rejects.toBeInstanceOf(StartError);
    await expect(starting).rejects.toThrow(/TRIPGRID_FIRST_KEY_FILE: .* holds no key/);
    expect(await readFile(firstKeyFile, "utf8")).toBe("my shopping list\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
