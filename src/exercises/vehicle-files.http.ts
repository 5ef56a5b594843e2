import { z } from "zod";
import type { ListImports, TakeInbox } from "../imports/imports.ts";
import type { TakenNow } from "../imports/take-inbox.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { problems, replies } from "../kit/replies.http.ts";
import { IngestStatus, ingestStatus } from "./ingest-status.ts";

const STATUS_PATH = "/vehicles/ingest-data/status";
/** The newest imports that the status is made of. */
const LOOKED_AT = 1000;

/** `POST /vehicles`: begins to take the files in the inbox. */
export function postVehicles(takeInbox: TakeInbox): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "post",
      path: "/vehicles",
      tags: ["Exercises"],
      summary: "Take the files in the inbox",
      description: `Files that were taken before are left out. ${STATUS_PATH} tells what becomes of the others.`,
      responses: {
        202: {
          description: "It has begun",
          content: { "text/plain": { schema: z.literal("Ingestion Started").meta({ example: "Ingestion Started" }) } },
        },
        ...problems(503),
      },
    },
    handle: async (c) => {
      await takeInbox();
      c.header("Link", `<${STATUS_PATH}>; rel="describedby"`);
      return c.text("Ingestion Started", 202);
    },
  };
}

/** `GET /vehicles/ingest-data/status`. */
export function getIngestStatus(listImports: ListImports, takenNow: () => TakenNow | undefined): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "get",
      path: STATUS_PATH,
      tags: ["Exercises"],
      summary: "What becomes of the files in the inbox",
      description:
        "Files that came without a pause of a minute are one process. `/v1/imports` lists all, `/v1/events` tells without polling.",
      responses: replies(200, "The last process", IngestStatus, 503),
    },
    handle: async (c) => {
      // Asked before the list, so that a file that is listed meanwhile is in one of both.
      const taken = takenNow();
      const { imports } = await listImports(LOOKED_AT);
      return c.json(ingestStatus(imports, taken));
    },
  };
}
