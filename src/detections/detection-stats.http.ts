import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { date } from "../time/week.ts";
import { type CountDetections, checkDays, DetectionStatsReply, STATS_BY } from "./detections.ts";

const query = z.strictObject({
  by: z.enum(STATS_BY).meta({ description: "Hours of the day and ISO weeks are local" }),
  from: date.optional().meta({ description: "First local day" }),
  to: date.optional().meta({ description: "Last local day" }),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/detections/stats",
  tags: ["Detections"],
  summary: "Count detections by make, model, category, year, camera, hour or week",
  description:
    "The largest counts first; hours and weeks in their order. Every detection that was committed before the request is counted, also if it was dropped for its age since.",
  request: { query },
  responses: replies(200, "The counts", DetectionStatsReply, 400, 503),
};

/** `GET /v1/detections/stats?by=`. */
export function getDetectionStats(countDetections: CountDetections): Endpoint {
  return {
    scope: "read",
    route,
    handle: async (c) => {
      const { by, limit, ...filters } = readQuery(c, query);
      checkDays(filters);
      const { total, counts, truncated } = await countDetections(by, { from: filters.from, to: filters.to }, limit);
      const rows = counts.map(({ value, detections }) => ({ [by]: value, detections }));
      return c.json({ by, total, counts: rows, truncated });
    },
  };
}
