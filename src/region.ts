import type { PolygonGeometry } from "./area.ts";

/** A name that trips carry; it may have a boundary and a time zone. */
export interface Region {
  name: string;
  /** IANA name; the database's own where the region has none. */
  time_zone: string;
  boundary: PolygonGeometry | null;
  /** Once a trip carries the region, its time zone is fixed. */
  has_trips: boolean;
  updated_at: string;
}

/** What is to be set; what is undefined stays as it is. */
export interface RegionChange {
  name: string;
  timeZone: string | undefined;
  polygons: PolygonGeometry[] | undefined;
}

export type PutRegion = (change: RegionChange) => Promise<{ region: Region; created: boolean }>;
export type FindRegion = (name: string) => Promise<Region | undefined>;
/** A region in a list: whether it has a boundary, instead of the boundary itself. */
export type ListedRegion = Omit<Region, "boundary"> & { has_boundary: boolean };
export type ListRegions = () => Promise<ListedRegion[]>;
/** Whether there was such a region. */
export type DeleteRegion = (name: string) => Promise<boolean>;
