import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { currentCaller } from "../kit/caller.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { parseWith, readJson, readText } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { note } from "../kit/request-record.ts";
import { name } from "../kit/storable.ts";
import { scopesOf } from "./jwt.ts";
import type { Logins } from "./logins.ts";
import { PASSWORD_LENGTH } from "./passwords.ts";
import { password } from "./users.http.ts";

const secret = z.string().max(PASSWORD_LENGTH.max).meta({ example: "correct horse battery" });
const scope = z.string().max(1000).optional().meta({ description: "Fewer scopes than the user has, by spaces" });

/** OAuth 2 lets a server ignore members that it does not know, and clients do send some. */
const byPassword = z
  .object({ grant_type: z.literal("password").default("password"), username: name, password: secret, scope })
  .meta({ id: "PasswordGrant" });
const byRefreshToken = z
  .object({ grant_type: z.literal("refresh_token"), refresh_token: secret, scope })
  .meta({ id: "RefreshGrant" });

const Tokens = z
  .object({
    access_token: z.string().meta({ description: "A JWT, for the header Authorization: Bearer …" }),
    token_type: z.literal("bearer").meta({ example: "bearer" }),
    expires_in: z.number().meta({ description: "Seconds" }),
    refresh_token: z.string().meta({ description: "For new tokens, once" }),
    scope: z.string(),
  })
  .meta({ id: "Tokens" });

const either = z.union([byPassword, byRefreshToken]);

/** `POST /v1/tokens`: tokens for a user name and a password, or for a refresh token (RFC 6749, 4.3 and 6). */
export function postToken({ logIn, renew }: Logins): Endpoint {
  return {
    scope: "public",
    route: {
      method: "post",
      path: "/v1/tokens",
      tags: ["Access"],
      summary: "Log in, or renew a token",
      description:
        "A refresh token is valid once and the reply has the next one. An old one that comes again ends the login: somebody has copied it.",
      request: {
        body: {
          required: true,
          content: { "application/x-www-form-urlencoded": { schema: either }, "application/json": { schema: either } },
        },
      },
      responses: replies(200, "The tokens", Tokens, 400, 413, 429, 503),
    },
    handle: async (c) => {
      const given = await readGrant(c);
      const isRenewal = given.grant_type === "refresh_token";
      const grant = isRenewal
        ? parseWith(byRefreshToken, given, "invalid_body")
        : parseWith(byPassword, given, "invalid_body");
      const wanted = grant.scope ? scopesOf(grant.scope) : undefined;
      const tokens =
        "refresh_token" in grant
          ? await renew(grant.refresh_token, wanted)
          : await logIn({ ...grant, address: currentCaller()?.client ?? "" }, wanted);
      return c.json(tokens, 200, NOT_KEPT);
    },
  };
}

const NOT_KEPT = { "cache-control": "no-store", pragma: "no-cache" };

/** The members of the body, a form or JSON. */
async function readGrant(c: Context): Promise<Record<string, unknown>> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return readJson(c, z.looseObject({}), "small");
  const form = new URLSearchParams(await readText(c, "small"));
  const seen = new Set<string>();
  for (const key of form.keys()) {
    if (!seen.has(key)) {
      seen.add(key);
      continue;
    }
    const detail = "expected once";
    throw new AppError("invalid_body", `${key}: ${detail}`, { errors: [{ field: key, detail }] });
  }
  return Object.fromEntries(form);
}

const logOutBody = z.object({ refresh_token: secret }).meta({ id: "LogOut" });

/** `POST /v1/tokens/revoke`: ends a login (RFC 7009). */
export function postRevoke({ logOut }: Logins): Endpoint {
  return {
    scope: "public",
    audited: true,
    route: {
      method: "post",
      path: "/v1/tokens/revoke",
      tags: ["Access"],
      summary: "Log out: the refresh token is not valid any more",
      description: "The last token stays valid for its minutes. A token that is not known changes nothing.",
      request: { body: jsonBody(logOutBody) },
      responses: { ...replies(204, "Ended", z.unknown(), 400, 413, 503), 204: { description: "Ended" } },
    },
    handle: async (c) => {
      note({ actor: await logOut((await readJson(c, logOutBody, "small")).refresh_token) });
      return c.body(null, 204);
    },
  };
}

const passwordBody = z
  .strictObject({ username: name, password: secret, new_password: password })
  .meta({ id: "PasswordChange" });

/** `POST /v1/passwords`: replaces the own password. */
export function postPassword({ changePassword }: Logins): Endpoint {
  return {
    scope: "public",
    audited: true,
    route: {
      method: "post",
      path: "/v1/passwords",
      tags: ["Access"],
      summary: "Replace one's own password",
      description: "The old one is the proof. None of the last five is taken again, and all logins of the user end.",
      request: { body: jsonBody(passwordBody) },
      responses: { ...replies(204, "Replaced", z.unknown(), 400, 413, 429, 503), 204: { description: "Replaced" } },
    },
    handle: async (c) => {
      const { new_password: next, ...old } = await readJson(c, passwordBody, "small");
      await changePassword({ ...old, address: currentCaller()?.client ?? "" }, next);
      note({ actor: old.username });
      return c.body(null, 204);
    },
  };
}
