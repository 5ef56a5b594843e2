import { randomBytes } from "node:crypto";
import { it } from "vitest";
import { asAdmin, emptyDatabase } from "../harness/index.ts";
import { expectRefusal } from "../service/refusal.ts";

it("a database in another encoding than UTF8 is refused", async () => {
  const beside = await emptyDatabase();
  const url = new URL(beside.databaseUrl ?? "");
  // Begins as the run's own databases do, so that it goes with them whatever happens.
  const name = `${url.pathname.slice(1)}_${randomBytes(2).toString("hex")}`;
  url.pathname = name;
  await asAdmin((admin) =>
    admin.unsafe(
      `create database ${name} template template0 encoding 'LATIN1' locale_provider libc lc_collate 'C' lc_ctype 'C'`,
    ),
  );
  try {
    await expectRefusal({ ...beside.env, DATABASE_URL: url.href }, /encoded as LATIN1; .*UTF8/);
  } finally {
    await asAdmin((admin) => admin`drop database ${admin(name)} with (force)`);
    await beside.drop();
  }
});
