import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.http.ts";
import { replies } from "./replies.http.ts";

/** Things that clients name and that have an address each, such as `/v1/lookups/NAME`. */
interface Kind {
  /** As errors call one of them: `There is no lookup NAME.` */
  what: string;
  /** The address of all of them: `/v1/lookups`. */
  path: string;
  /** Under which OpenAPI lists them. */
  tag: string;
  example: string;
  /** Checks a name, where not every name that a URL holds unescaped will do. It throws `AppError`. */
  checkName?: (name?: string) => string;
}

type Access = Pick<Endpoint, "scope" | "bounds">;

/** The addresses that all such kinds have: one is read, all are listed, one is deleted. */
export function named({ what, path: all, tag, example, checkName = urlName }: Kind) {
  const path = `${all}/{name}`;
  const params = z.object({ name: z.string().meta({ example }) });
  const nameOf = (c: Context) => checkName(c.req.param("name"));
  const missing = (name: string) => new AppError("not_found", `There is no ${what} ${name}.`);
  /** Calls `findOne` with the name in the address. Errors: `not_found`. */
  const find = async <T>(c: Context, findOne: (name: string) => Promise<T | undefined>): Promise<T> => {
    const name = nameOf(c);
    const found = await findOne(name);
    if (found === undefined) throw missing(name);
    return found;
  };
  const described = (summary: string, description?: string) => ({
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
  });
  return {
    path,
    params,
    nameOf,
    find,
    /** `GET` of one: `show` gives its reply, or undefined if there is none of that name. */
    getOne: (
      access: Access,
      schema: z.ZodType,
      show: (name: string) => Promise<object | undefined>,
      summary = `A ${what}`,
    ): Endpoint => ({
      ...access,
      route: {
        ...described(summary),
        method: "get",
        path,
        request: { params },
        responses: replies(200, `The ${what}`, schema, 400, 404, 503),
      },
      handle: async (c) => c.json(await find(c, show)),
    }),
    getAll: (access: Access, schema: z.ZodType, list: () => Promise<object[]>, summary: string): Endpoint =>
      getList({ ...access, path: all, tag, summary, description: "All of them", schema, list }),
    /** `DELETE` of one: `forget` tells whether there was one. */
    deleteOne: (
      access: Access,
      summary: string,
      forget: (name: string) => Promise<boolean>,
      { description, errors = [] }: { description?: string; errors?: number[] } = {},
    ): Endpoint => ({
      ...access,
      route: {
        ...described(summary, description),
        method: "delete",
        path,
        request: { params },
        responses: {
          204: { description: "Done" },
          ...replies(404, `No such ${what}`, z.unknown(), 400, 404, 503, ...errors),
        },
      },
      handle: async (c) => {
        const name = nameOf(c);
        if (await forget(name)) return c.body(null, 204);
        throw missing(name);
      },
    }),
  };
}

interface List extends Access {
  path: string;
  tag: string;
  summary: string;
  /** What OpenAPI says of the reply. */
  description: string;
  schema: z.ZodType;
  list: () => Promise<object[]>;
}

/** A `GET` of all things of a kind, as a member of the reply that is called like the last part of the address. */
export function getList({ path, tag, summary, description, schema, list, ...access }: List): Endpoint {
  const member = path.slice(path.lastIndexOf("/") + 1);
  return {
    ...access,
    route: {
      method: "get",
      path,
      tags: [tag],
      summary,
      responses: replies(200, description, z.object({ [member]: z.array(schema) }), 503),
    },
    handle: async (c) => c.json({ [member]: await list() }),
  };
}

/** Checks a name that URLs, and folders of the inbox, contain as it is. */
function urlName(name = ""): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const detail = "expected 1 to 100 letters, digits, dots, hyphens and underscores, a letter or a digit first";
  throw new AppError("invalid_parameter", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}
