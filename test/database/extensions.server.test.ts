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
  it("who owns the database needs no other right once the extensions exist", async () => {
    const database = await emptyDatabase();
    await createExtensions(database, "public");
    await asOrdinaryUser(database, { isOwner: true }, expectToWork);
  });

  it("is told which extension is missing if only a superuser may create it", async () => {
    const database = await emptyDatabase();
    await asOrdinaryUser(database, { isOwner: false }, (env) =>
      expectRefusal(env, /lacks the extension \w+ and it cannot be created \(permission denied.*superuser/),
    );
  });

  it("is told if it may create nothing in the database", async () => {
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
