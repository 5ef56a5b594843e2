import { z } from "zod";
import type { PolygonArea } from "../geo/area.ts";
import { Instant } from "../time/instant.ts";

const Recompute = z.object({ state: z.enum(["running", "done"]), moved: z.int(), since: Instant });
export type Recompute = z.infer<typeof Recompute>;

/** A name that trips carry. A region may have a boundary and a time zone. */
const listed = {
  name: z.string(),
  /** IANA name. If the region has none, that of all trips. */
  time_zone: z.string().nullable().meta({ description: "Null: clocks run as where a trip began" }),
  /** True if a trip carries the region. */
  has_trips: z.boolean(),
  is_defined: z.boolean().meta({ description: "False: only trips name it" }),
  updated_at: Instant,
};
/** A region in a list. `has_boundary` replaces the boundary itself. */
export const ListedRegion = z.object({ ...listed, has_boundary: z.boolean() });
export type ListedRegion = z.infer<typeof ListedRegion>;

export const Region = z
  .object({
    ...listed,
    boundary: z.looseObject({ type: z.string() }).nullable().meta({ description: "GeoJSON" }),
    recompute: Recompute.optional().meta({ description: "How far its trips are moved to its new time zone" }),
  })
  .meta({ id: "Region" });
export type Region = z.infer<typeof Region>;

/** A change of a region. Undefined members stay unchanged. */
export interface RegionChange {
  name: string;
  timeZone: string | undefined;
  /** Whether trips whose local times would change are moved, in the background. */
  recompute?: boolean | undefined;
  boundary: PolygonArea | undefined;
}

export type PutRegion = (change: RegionChange) => Promise<{ region: Region; created: boolean }>;
/** Defines several regions, all or none of them. */
export type PutRegions = (changes: readonly RegionChange[]) => Promise<{ name: string; created: boolean }[]>;
export type FindRegion = (name: string) => Promise<Region | undefined>;
export type ListRegions = () => Promise<ListedRegion[]>;
/** Resolves to whether the region existed. */
export type DeleteRegion = (name: string) => Promise<boolean>;
