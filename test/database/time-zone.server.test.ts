import { expect, it } from "vitest";
import { emptyDatabase, spawnService } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";

it("a time zone that Node knows and the database does not is refused, and another one can be set after that", async () => {
  const database = await emptyDatabase();
  await expectRefusal({ ...database.env, TRIPGRID_TIME_ZONE: "SystemV/AST4" }, /TRIPGRID_TIME_ZONE: .*SystemV\/AST4/);
  const service = spawnService({ ...database.env, TRIPGRID_TIME_ZONE: "Asia/Kolkata" });
  await service.listening();
  expect(await service.logged("database is up to date")).toMatchObject({ time_zone: "Asia/Kolkata" });
  service.kill("SIGTERM");
  await service.exited;
  await database.drop();
});
