import { z } from "zod";
import { AppError } from "../errors.ts";
import { currentCaller } from "../kit/caller.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson } from "../kit/input.http.ts";
import { getList } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import { name } from "../kit/storable.ts";
import { Instant } from "../time/instant.ts";
import type { AddKey, ListKeys, RevokeKey } from "./credentials.ts";
import { boundSchema, grantFrom, grantReply, scopesSchema } from "./grant.http.ts";
import { keyLimitsReply, keyLimitsSchema } from "./key-limits.ts";

const path = "/v1/keys";
const params = z.object({ id: z.uuid().meta({ example: "5e0c1f0a-7a1e-4c55-9d0b-3f6a2b1c9d8e" }) });

const body = z
  .strictObject({
    name: name.meta({ description: "For people; keys may share one", example: "fleet-a" }),
    scopes: scopesSchema,
    ...boundSchema,
    ...keyLimitsSchema,
    expires_at: z.iso
      .datetime({ offset: true, error: "expected a moment such as 2027-01-01T00:00:00Z" })
      .refine((text) => Date.parse(text) > Date.now(), "expected a moment that is still to come")
      .optional(),
  })
  .meta({ id: "NewApiKey" });

const listed = {
  key_id: z.uuid(),
  name: z.string().meta({ example: "fleet-a" }),
  ...grantReply,
  expires_at: Instant.nullable(),
  revoked_at: Instant.nullable(),
  ...keyLimitsReply,
};
const Key = z.object(listed).meta({ id: "ApiKey" });
const MadeKey = z
  .object({ ...listed, key: z.string().meta({ description: "Shown this once", example: "tg_…" }) })
  .meta({ id: "MadeApiKey" });

/** `POST /v1/keys`: makes an API key, which is shown this once. */
export function postKey(addKey: AddKey): Endpoint {
  return {
    scope: "admin",
    audited: true,
    route: {
      method: "post",
      path,
      tags: ["Access"],
      summary: "Make an API key",
      description: "The reply is the only one that holds the key. With the first key the service asks for credentials.",
      request: { body: jsonBody(body) },
      responses: replies(201, "The key", MadeKey, 400, 413, 503),
    },
    handle: async (c) => {
      const { expires_at: expiresAt, scopes, source, region, name, ...limits } = await readJson(c, body, "small");
      const createdBy = currentCaller()?.principal?.name;
      const key = await addKey({ name, ...grantFrom(scopes, source, region), expiresAt, createdBy, limits });
      return c.json(key, 201, { "cache-control": "no-store", location: `${path}/${key.key_id}` });
    },
  };
}

/** `GET /v1/keys`. */
export const getKeys = (list: ListKeys): Endpoint =>
  getList({
    ...{ scope: "admin", path, tag: "Access", schema: Key, list },
    summary: "All API keys, newest first, without the keys themselves",
    description: "The keys",
  });

/** `DELETE /v1/keys/ID`. */
export function deleteKey(revokeKey: RevokeKey): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "delete",
      path: `${path}/{id}`,
      tags: ["Access"],
      summary: "Revoke an API key",
      description: "It stops working in every process within five seconds. It stays in the list.",
      request: { params },
      responses: { ...replies(404, "No such key", z.unknown(), 404, 503), 204: { description: "Revoked" } },
    },
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      if (id.success && (await revokeKey(id.data.id))) return c.body(null, 204);
      throw new AppError("not_found", `There is no key ${c.req.param("id")} that could be revoked.`);
    },
  };
}
