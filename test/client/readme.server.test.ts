import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TripgridClient } from "../../client/index.ts";
import { useService } from "../harness/index.ts";

const service = useService();
const page = readFileSync(join(import.meta.dirname, "../../client/README.md"), "utf8");

it("the example of client/README.md works when it is pasted", async () => {
  const code = /```ts\nimport [^\n]+\n(.*?)```/s.exec(page)?.[1] ?? "";
  const here = code.replace("http://127.0.0.1:8080", service.url);
  const example = new Function("TripgridClient", `return (async () => {${here}; return { receipt, average }; })()`);
  expect(await example(TripgridClient)).toMatchObject({ receipt: { state: "committed", inserted: 1 }, average: 1 });
});
