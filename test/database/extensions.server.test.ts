import { describe, expect, it } from "vitest";
import { emptyDatabase, spawnService } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";
import { countTrips, postTrips } from "../service/trips.ts";
import { asOrdinaryUser, createExtensions } from "./role.ts";

async function expectToWork(env: Record<string, string>): Promise<void> {
  const service = spawnService(env);
  const url = await service.listening();
  await postTrips(url, "a", "b");
  expect(await countTrips(url)).toBe(2);
  service.kill("SIGTERM");
  expect((await service.exited).status).toBe(0);
}

describe("an ordinary user of the server", () => {
  it("who owns the database needs nothing more once the extensions are there", async () => {
    const database = await emptyDatabase();
    await createExtensions(database, "public");
    await asOrdinaryUser(database, { isOwner: true }, expectToWork);
  });

  it("without an extension that only a superuser may create is told which", async () => {
    const database = await emptyDatabase();
    await asOrdinaryUser(database, { isOwner: false }, (env) =>
      expectRefusal(env, /lacks the extension \w+ and it cannot be created \(permission denied.*superuser/),
    );
  });

  it("who may create nothing in the database is told so", async () => {
    const database = await emptyDatabase();
    await createExtensions(database, "public");
    await asOrdinaryUser(database, { isOwner: false }, (env) => expectRefusal(env, /permission denied for database/));
  });
});

describe("PostGIS in a schema of its own", () => {
  it("is found there", async () => {
    const database = await emptyDatabase();
    await createExtensions(database, "Gis Things");
    await expectToWork(database.env);
    await database.drop();
  });
});
