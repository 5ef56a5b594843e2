import { addProtocol, type StyleSpecification } from "maplibre-gl";
import { ownStyle } from "./basemap.ts";
import { pmtilesStyle } from "./pmtiles-style.ts";

/** The address of the operator's map, which the service writes into the page. Empty: the own basemap. */
const given = document.querySelector<HTMLMetaElement>('meta[name="map-style"]')?.content ?? "";

export const hasOwnBasemap = given === "";

/** The style of the map: the own one, that of an address, or one for the tiles of a PMTiles archive. */
export async function mapStyle(): Promise<StyleSpecification | string> {
  if (hasOwnBasemap) return ownStyle();
  if (!/\.pmtiles($|\?)/.test(given)) return given;
  const { PMTiles, Protocol } = await import("pmtiles");
  const address = new URL(given, document.baseURI).href;
  const protocol = new Protocol();
  const archive = new PMTiles(address);
  protocol.add(archive);
  addProtocol("pmtiles", protocol.tile);
  const { tileType, maxZoom } = await archive.getHeader();
  return pmtilesStyle(`pmtiles://${address}`, tileType === 1 ? "vector" : "raster", maxZoom);
}
