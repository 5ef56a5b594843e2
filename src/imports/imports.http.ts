import type { Endpoint } from "../kit/endpoint.http.ts";
import { type RateLimits, withRateLimit } from "../kit/rate-limit.http.ts";
import { getImport, listImportsEndpoint } from "./find-imports.http.ts";
import type { FindImport, ImportPath, ListImports, UploadImport } from "./imports.ts";
import { postImports } from "./post-imports.http.ts";

interface Deps {
  importPath: ImportPath;
  uploadImport: UploadImport;
  listImports: ListImports;
  findImport: FindImport;
  rateLimits: RateLimits;
}

/** The endpoints that take files. */
export const endpoints = ({ importPath, uploadImport, listImports, findImport, rateLimits }: Deps): Endpoint[] => [
  withRateLimit(postImports(importPath, uploadImport), rateLimits),
  listImportsEndpoint(listImports),
  getImport(findImport),
];
