import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { BoundKind } from "./principal.ts";
import { problems } from "./replies.http.ts";
import { note } from "./request-record.ts";
import type { Scope } from "./scope.ts";

/**
 * One address of the API: its OpenAPI description and its handler. The handler reads its input with the schemas of the
 * route (`readQuery`, `readJson`), so the description and the check are the same.
 */
export interface Endpoint {
  /** What the caller must be allowed to do. `public`: anyone may call, without a credential. */
  scope: Scope | "public";
  /**
   * The bounds that the handler keeps: of a caller that is bound to a source or a region it takes and shows nothing
   * else. A caller with another bound is refused.
   */
  bounds?: readonly BoundKind[];
  route: RouteConfig;
  /** Whether the audit log has its requests. PUT, PATCH and DELETE are always there. */
  audited?: true;
  /** Recursive schemas that the route refers to by name, as JSON Schema. */
  components?: Readonly<Record<string, object>>;
  handle: (c: Context) => Response | Promise<Response>;
}

/**
 * Errors of every address: before the request reaches it (`gate.http.ts` and `bare-reply.http.ts`), when it finds no
 * room or gets no turn, and when the database is away or full.
 */
const ANYWHERE = problems(400, 403, 408, 429, 431, 503, 507);

/** The names of the ways to show a credential, as `docs.http.ts` describes them in the OpenAPI document. */
export const SECURITY_SCHEMES = ["bearer", "password"] as const;

/** The scope as OpenAPI shows it: one of the ways is enough. */
const securityOf = (scope: Endpoint["scope"]): Record<string, string[]>[] =>
  scope === "public" ? [] : SECURITY_SCHEMES.map((scheme) => ({ [scheme]: [scope] }));

/** The name by which generated clients call an address, such as `getBatchesByIdEvents`. */
function operationIdOf(method: string, path: string): string {
  const words = path.replace(/^\/v1\//, "").replace(/\{(\w+)\}/g, "by-$1");
  return [method, ...words.split(/\W+|_/).filter((word) => word !== "")]
    .map((word, i) => (i === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`))
    .join("");
}

/** Throws if the caller may not reach the endpoint. */
export type Guard = (c: Context, endpoint: Endpoint) => void | Promise<void>;

/** Adds an endpoint to the app, behind its guard, and to its OpenAPI document. */
export function add(app: OpenAPIHono, endpoint: Endpoint, guard: Guard): void {
  const { scope, route, components = {}, handle } = endpoint;
  for (const [name, schema] of Object.entries(components)) {
    app.openAPIRegistry.registerComponent("schemas", name, schema);
  }
  const responses = { ...ANYWHERE, ...(scope === "public" ? {} : problems(401)), ...route.responses };
  const operationId = route.operationId ?? operationIdOf(route.method, route.path);
  app.openAPIRegistry.registerPath({ ...route, operationId, security: securityOf(scope), responses });
  app.on(route.method.toUpperCase(), route.path.replace(/\{(\w+)\}/g, ":$1"), async (c) => {
    note({ route: route.path, tag: route.tags?.[0] });
    // Nothing is waited for if the credential was checked before.
    const checked = guard(c, endpoint);
    if (checked) await checked;
    return handle(c);
  });
}

/** A JSON body, as OpenAPI describes it. */
export const jsonBody = (schema: NonNullable<RouteConfig["request"]>["params"] | unknown, description = "") => ({
  required: true,
  description,
  content: { "application/json": { schema: schema as never } },
});
