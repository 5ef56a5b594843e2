import { afterAll, beforeAll, describe, it } from "vitest";
import { emptyDatabase, freePort, type TestDatabase } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
});
afterAll(() => database.drop());

/** The way to the database, with one part changed. */
function otherUrl(part: Partial<URL>): { DATABASE_URL: string } {
  return { DATABASE_URL: Object.assign(new URL(database.databaseUrl ?? ""), part).href };
}

describe("a database that cannot be had is refused", () => {
  it("nothing listens there", async () => {
    await expectRefusal(otherUrl({ port: String(await freePort()) }), /cannot be reached/);
  });

  it("its host does not exist", async () => {
    await expectRefusal(otherUrl({ hostname: "no-such-host.invalid" }), /cannot be reached.*no-such-host\.invalid/);
  });

  it("the password is wrong", async () => {
    await expectRefusal(otherUrl({ password: "not-the-password" }), /refuses the connection: password/);
  });

  it("the server has no such database", async () => {
    await expectRefusal(otherUrl({ pathname: "no_such_database" }), /refuses .*"no_such_database" does not exist/);
  });
});
