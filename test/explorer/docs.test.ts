import { OpenAPIHono } from "@hono/zod-openapi";
import { expect, it, vi } from "vitest";
import { addDocs } from "../../src/explorer/docs.http.ts";

it("the OpenAPI document is made once, however often it is asked for", async () => {
  const app = new OpenAPIHono();
  const made = vi.spyOn(app, "getOpenAPI31Document");
  addDocs(app, "1.2.3");
  const replies = await Promise.all(Array.from({ length: 3 }, () => app.request("/openapi.json")));
  const texts = await Promise.all(replies.map((reply) => reply.text()));
  expect(made).toHaveBeenCalledTimes(1);
  expect(new Set(texts).size).toBe(1);
  expect(JSON.parse(texts[0] ?? "")).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
});
