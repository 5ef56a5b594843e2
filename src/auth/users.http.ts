import { z } from "zod";
import { AppError } from "../errors.ts";
import { currentCaller } from "../kit/caller.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson } from "../kit/input.http.ts";
import { getList } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { Scope } from "../kit/scope.ts";
import { name } from "../kit/storable.ts";
import { boundSchema, grantFrom, grantReply, scopesSchema } from "./grant.http.ts";
import { PASSWORD_LENGTH } from "./passwords.ts";
import type { AddUser, ChangeUser, DeleteUser, ListUsers } from "./users.ts";

const path = "/v1/users";
const onePath = `${path}/{username}`;
const params = z.object({ username: z.string().meta({ example: "ana" }) });

export const password = z
  .string()
  .meta({ description: `${PASSWORD_LENGTH.min} characters or more`, example: "correct horse battery" });

const body = z
  .strictObject({
    username: name.meta({ example: "ana" }),
    password,
    scopes: scopesSchema.optional(),
    ...boundSchema,
  })
  .meta({ id: "NewUser" });

const change = z
  .strictObject({ password: password.optional(), scopes: scopesSchema.optional(), ...boundSchema })
  .meta({ id: "UserChange", description: "With scopes, source and region are replaced too" });

const User = z.object({ username: z.string().meta({ example: "ana" }), ...grantReply }).meta({ id: "User" });

interface UserAddress {
  path: string;
  operationId: string;
  tag: string;
  /** The scopes of a user for whom the request names none. */
  scopes: Scope[];
}

/** `POST /v1/users`, or the same at another address. */
export function postUser(
  addUser: AddUser,
  address: UserAddress = { path, operationId: "postUsers", tag: "Access", scopes: ["read"] },
): Endpoint {
  return {
    scope: "admin",
    audited: true,
    route: {
      method: "post",
      path: address.path,
      operationId: address.operationId,
      tags: [address.tag],
      summary: "Make a user, who logs in at /v1/tokens",
      description: `Without scopes the user may ${address.scopes.join(" and ")}.`,
      request: { body: jsonBody(body) },
      responses: replies(201, "The user", User, 400, 409, 413, 429, 503),
    },
    handle: async (c) => {
      const { username, password, scopes = address.scopes, source, region } = await readJson(c, body, "small");
      const createdBy = currentCaller()?.principal?.name;
      const user = await addUser({ username, password, ...grantFrom(scopes, source, region), createdBy });
      return c.json(user, 201, { location: `${path}/${encodeURIComponent(username)}` });
    },
  };
}

/** `GET /v1/users`. */
export const getUsers = (list: ListUsers): Endpoint =>
  getList({
    ...{ scope: "admin", path, tag: "Access", schema: User, list },
    summary: "All users, by name",
    description: "The users",
  });

/** `PUT /v1/users/NAME`: changes a password, or what the user may do. */
export function putUser(changeUser: ChangeUser): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "put",
      path: onePath,
      tags: ["Access"],
      summary: "Change a user's password or scopes",
      description: "With a new password all logins of the user end.",
      request: { params, body: jsonBody(change) },
      responses: replies(200, "The user", User, 400, 404, 413, 429, 503),
    },
    handle: async (c) => {
      const username = c.req.param("username") ?? "";
      const { password, scopes, source, region } = await readJson(c, change, "small");
      const isIncomplete = scopes === undefined && (source !== undefined || region !== undefined);
      if (isIncomplete) {
        const detail = "expected beside source or region";
        throw new AppError("invalid_body", `scopes: ${detail}`, { errors: [{ field: "scopes", detail }] });
      }
      const grant = scopes && grantFrom(scopes, source, region);
      const user = name.safeParse(username).success && (await changeUser({ username, password, grant }));
      if (!user) throw noUser(username);
      return c.json(user);
    },
  };
}

/** `DELETE /v1/users/NAME`. */
export function deleteUserEndpoint(deleteUser: DeleteUser): Endpoint {
  return {
    scope: "admin",
    route: {
      method: "delete",
      path: onePath,
      tags: ["Access"],
      summary: "Remove a user and end all logins",
      request: { params },
      responses: { ...replies(404, "No such user", z.unknown(), 404, 503), 204: { description: "Removed" } },
    },
    handle: async (c) => {
      const username = c.req.param("username") ?? "";
      if (name.safeParse(username).success && (await deleteUser(username))) return c.body(null, 204);
      throw noUser(username);
    },
  };
}

const noUser = (username: string) => new AppError("not_found", `There is no user ${username}.`);
