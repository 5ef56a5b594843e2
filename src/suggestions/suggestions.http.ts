import { z } from "zod";
import { membersOf } from "../containers/container.ts";
import { kindOf } from "../containers/file-kind.ts";
import type { Member } from "../containers/member.ts";
import { fromBuffer } from "../containers/random-access.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readBytes, readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { name } from "../kit/storable.ts";
import { MappingDefinition } from "../mappings/mapping-definition.ts";
import { unpackWhole } from "../parsing/read-body.ts";
import { charsetNamed, charsetOfType } from "../text/charset.ts";
import { inPieces } from "../text/in-pieces.ts";
import type { Suggest } from "./suggestion.ts";

/** How many times larger than a question a file may be. */
const LARGER = 8;
const MAX_UNPACKED = 64 * 1024 * 1024;

const query = z.strictObject({
  source: name.optional().meta({ description: "The source of the trips, if no column gives it", example: "bluebikes" }),
  lookup: name.optional().meta({ description: "The lookup that has the places of stations or zones" }),
  charset: z.string().max(40).optional(),
  sheet: z.string().min(1).max(100).optional().meta({ description: "The sheet of an XLSX file" }),
});

// A copy, because a schema made before the OpenAPI extension was loaded does not have the extension.
const Definition = MappingDefinition.describe("Ready for `PUT /v1/mappings/NAME`").meta({ id: "SuggestedDefinition" });

const Suggestion = z
  .object({
    mapping: Definition,
    notes: z.array(z.string()).meta({ description: "What a person with knowledge of the file should check" }),
    built_in: z.string().optional().meta({ description: "The built-in mapping that reads the file" }),
    format: z.looseObject({}).optional().meta({ description: "How the text is written, if not UTF-8 with commas" }),
    trial: z
      .object({
        ...{ rows: z.int(), trips: z.int(), rejected: z.int() },
        equal: z.int().meta({ description: "Rows that equal an earlier one in every field" }),
        rejects: z.array(z.object({ row: z.int(), field: z.string(), detail: z.string() })),
      })
      .optional()
      .meta({ description: "What became of all rows in a dry run; none if the mapping is not complete" }),
  })
  .meta({ id: "MappingSuggestion" });

const file = z.string().meta({ format: "binary" });

/** `POST /v1/mappings/suggest`: proposes a mapping for a file, or for its first rows. */
function suggestEndpoint(suggest: Suggest): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "post",
      path: "/v1/mappings/suggest",
      tags: ["Mappings"],
      summary: "Propose a mapping for a file",
      description: "The body is the file or its first rows. The proposal is tried on all rows that were sent.",
      request: {
        query,
        body: {
          required: true,
          content: {
            "text/csv": { schema: file },
            "application/json": { schema: z.unknown() },
            "application/octet-stream": { schema: file },
          },
        },
      },
      responses: replies(200, "The proposal; nothing is stored", Suggestion, 400, 413, 415, 503),
    },
    handle: async (c) => {
      const { source, lookup, charset, sheet } = readQuery(c, query);
      const contentType = c.req.header("content-type");
      const body = await readBytes(c, LARGER);
      const table = await tableOf(body, c.req.header("content-encoding"), sheet);
      return c.json(
        await suggest(table.open, {
          contentType: table.contentType ?? (/json|csv/.test(contentType ?? "") ? contentType : undefined),
          ...{ source, lookup },
          charset: charsetNamed(charset) ?? charsetOfType(contentType),
        }),
      );
    },
  };
}

async function tableOf(body: Buffer, encoding: string | undefined, sheet: string | undefined): Promise<Member> {
  const packed = encoding === undefined && kindOf(body) === "gzip" ? "gzip" : encoding;
  const bytes = await unpackWhole(body, packed, MAX_UNPACKED);
  if (!bytes) throw new AppError("body_too_large", "The body unpacks too far; send the first rows of the file.");
  const kind = kindOf(bytes);
  if (kind === "zip" || kind === "parquet") {
    const [first] = await membersOf(fromBuffer(bytes), kind, { sheet });
    if (first) return first;
  }
  return { name: "", contentType: undefined, open: () => inPieces(bytes) };
}

interface Deps {
  suggest: Suggest;
}

/** The endpoint that proposes mappings. */
export const endpoints = ({ suggest }: Deps): Endpoint[] => [suggestEndpoint(suggest)];
