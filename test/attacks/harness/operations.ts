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
  /** What it may answer: status → content types. */
  answers: Map<number, string[]>;
}

interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { in: string; name: string }[];
        requestBody?: { content: Record<string, unknown> };
        responses: Record<string, Described>;
      }
    >
  >;
}

/** All operations that the service describes: a new one is attacked as soon as it is there. */
export async function readOperations(url: string): Promise<Operation[]> {
  const { text } = await ask(url, { path: "/openapi.json" });
  const { paths } = JSON.parse(text) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((one) => one.in === "query").map(({ name }) => name),
      headers: parameters.filter((one) => one.in === "header").map(({ name }) => name),
      takes: Object.keys(requestBody?.content ?? {}),
      answers: new Map(
        Object.entries(responses).map(([status, { content = {} }]) => [Number(status), Object.keys(content)]),
      ),
    })),
  );
}
