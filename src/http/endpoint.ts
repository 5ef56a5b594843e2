import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";

/**
 * One address of the API: what OpenAPI says of it, and what it does. The handler reads its input with the schemas that
 * stand in the route (`readQuery`, `readJson`), so that description and check are one.
 */
export interface Endpoint {
  route: RouteConfig;
  /** Schemas that the route refers to by name, as JSON Schema: those that call themselves. */
  components?: Readonly<Record<string, object>>;
  handle: (c: Context) => Response | Promise<Response>;
}

/** Adds an endpoint to the app and to its OpenAPI document. */
export function add(app: OpenAPIHono, { route, components = {}, handle }: Endpoint): void {
  for (const [name, schema] of Object.entries(components)) {
    app.openAPIRegistry.registerComponent("schemas", name, schema);
  }
  app.openAPIRegistry.registerPath(route);
  app.on(route.method.toUpperCase(), route.path.replace(/\{(\w+)\}/g, ":$1"), handle);
}

/** A JSON body, as OpenAPI describes it. */
export const jsonBody = (schema: NonNullable<RouteConfig["request"]>["params"] | unknown, description = "") => ({
  required: true,
  description,
  content: { "application/json": { schema: schema as never } },
});
