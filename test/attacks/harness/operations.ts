import { ask } from "./ask.ts";

interface Described {
  content?: Record<string, unknown>;
}

/** One operation of the OpenAPI document. */
export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  query: string[];
  headers: string[];
  /** The content types that it takes; none: it has no body. */
  takes: string[];
  /** The names of all members in what it takes. */
  members: string[];
  /** What it may answer: status → content types. */
  answers: Map<number, string[]>;
}

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

interface Document {
  components?: { schemas?: Record<string, Schema> };
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { in: string; name: string }[];
        requestBody?: { content: Record<string, { schema?: Schema }> };
        responses: Record<string, Described>;
      }
    >
  >;
}

/** All operations that the service describes: a new one is attacked as soon as it is there. */
export async function readOperations(url: string): Promise<Operation[]> {
  const { text } = await ask(url, { path: "/openapi.json" });
  const { paths, components } = JSON.parse(text) as Document;
  const membersOf = ({ content }: { content: Record<string, { schema?: Schema }> }) => [
    ...new Set(Object.values(content).flatMap(({ schema }) => namesIn(schema, components?.schemas ?? {}))),
  ];
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((one) => one.in === "query").map(({ name }) => name),
      headers: parameters.filter((one) => one.in === "header").map(({ name }) => name),
      takes: Object.keys(requestBody?.content ?? {}),
      members: requestBody ? membersOf(requestBody) : [],
      answers: new Map(
        Object.entries(responses).map(([status, { content = {} }]) => [Number(status), Object.keys(content)]),
      ),
    })),
  );
}

const MAX_LEVELS = 5;

function namesIn(schema: Schema | undefined, schemas: Record<string, Schema>, level = 0): string[] {
  if (!schema || level > MAX_LEVELS) return [];
  const { $ref, properties = {}, items, anyOf = [], oneOf = [], allOf = [] } = schema;
  const inside = [schemas[$ref?.split("/").at(-1) ?? ""], items, ...anyOf, ...oneOf, ...allOf];
  return [
    ...Object.entries(properties).flatMap(([name, one]) => [name, ...namesIn(one, schemas, level + 1)]),
    ...inside.flatMap((one) => namesIn(one, schemas, level + 1)),
  ];
}
