import type { Feature, FeatureCollection } from "geojson";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { RegionsAnswer } from "../answers.ts";
import { outlineOf } from "../area.ts";
import { themeColour } from "../dom.ts";
import { isFlows } from "../questions.ts";
import type { State } from "../state.ts";
import { colourBy, type Scale, scaleOf } from "./scale.ts";

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** What the page draws over the basemap, but for cells: regions and the area that is asked about. */
export interface Layers {
  showRegions(answer: RegionsAnswer | undefined): void;
  /** Draws the area, and shows the layer that the state asks for. */
  showState(state: State): void;
  recolour(): void;
  /** The classes of the regions' averages. */
  scale(): Scale;
}

const colours = (): [layer: string, property: string, name: string][] => [
  ["regions-line", "line-color", "outline"],
  ["area-fill", "fill-color", "accent"],
  ["area-line", "line-color", "accent"],
  ["area-halo", "line-color", "surface"],
];

export function addLayers(map: MapLibre): Layers {
  for (const id of ["regions", "area"]) map.addSource(id, { type: "geojson", data: EMPTY, tolerance: 0.2 });
  map.addLayer({ id: "regions-fill", type: "fill", source: "regions", paint: { "fill-opacity": 0.86 } });
  map.addLayer({
    id: "regions-line",
    type: "line",
    source: "regions",
    paint: { "line-width": 1, "line-opacity": 0.7 },
  });
  map.addLayer({ id: "area-fill", type: "fill", source: "area", paint: { "fill-opacity": 0.1 } });
  map.addLayer({ id: "area-halo", type: "line", source: "area", paint: { "line-width": 4.5, "line-opacity": 0.8 } });
  map.addLayer({ id: "area-line", type: "line", source: "area", paint: { "line-width": 2 } });

  let regions: RegionsAnswer | undefined;
  let scale = scaleOf("", []);
  const drawRegions = () => {
    const shown = (regions?.features ?? []).flatMap(({ properties }) => properties.average ?? []);
    scale = scaleOf("Trips a week in a region", shown);
    map.getSource<GeoJSONSource>("regions")?.setData(regions ?? EMPTY);
    map.setPaintProperty("regions-fill", "fill-color", colourBy("average", scale));
  };
  const drawArea = ({ area }: State) => {
    const outline = area && outlineOf(area);
    const boundary =
      area?.kind === "boundary" && regions?.features.find(({ properties }) => properties.name === area.name);
    const feature: Feature | undefined = outline
      ? { type: "Feature", properties: {}, geometry: outline }
      : boundary || undefined;
    map.getSource<GeoJSONSource>("area")?.setData(feature ?? EMPTY);
  };
  let last: State | undefined;
  const layers: Layers = {
    showRegions: (answer) => {
      regions = answer ?? regions;
      drawRegions();
      if (last) drawArea(last);
    },
    showState: (state) => {
      last = state;
      drawArea(state);
      map.setPaintProperty("regions-fill", "fill-opacity", state.show === "regions" ? 0.86 : 0);
      map.setPaintProperty("area-fill", "fill-opacity", isFlows(state.show) ? 0.04 : 0.1);
    },
    recolour: () => {
      for (const [layer, property, name] of colours()) {
        map.setPaintProperty(layer, property as "line-color", themeColour(name));
      }
      drawRegions();
    },
    scale: () => scale,
  };
  layers.recolour();
  return layers;
}
