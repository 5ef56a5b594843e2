import type { MapGeoJSONFeature, Map as MapLibre } from "maplibre-gl";
import { fill, h } from "../dom.ts";
import { average, trips as tripsText } from "../format.ts";
import { boxOfCell } from "../geohash.ts";
import type { Store } from "../store.ts";
import type { Draw } from "./draw.ts";

/**
 * Shows the figures of what the pointer is over, and asks about what is clicked: a region by its boundary, a cell by its
 * box.
 *
 * @param cellsLayer the name of the layer of cells
 * @param draw a pointer that draws shows and asks nothing
 */
export function addHover(map: MapLibre, store: Store, tip: HTMLElement, cellsLayer: () => string, draw: Draw): void {
  const isBusy = () => draw.tool() !== undefined;
  const found = (point: { x: number; y: number }): MapGeoJSONFeature | undefined => {
    const { show } = store.get();
    const layer = show === "cells" ? cellsLayer() : show === "regions" ? "regions-fill" : undefined;
    return layer === undefined ? undefined : map.queryRenderedFeatures([point.x, point.y], { layers: [layer] })[0];
  };
  map.on("mousemove", ({ point }) => {
    const feature = isBusy() ? undefined : found(point);
    if (!isBusy()) map.getCanvas().style.cursor = feature ? "pointer" : "";
    tip.hidden = !feature;
    if (!feature) return;
    fill(tip, ...linesOf(feature));
    moveTip(tip, point);
  });
  map.on("mouseout", () => {
    tip.hidden = true;
  });
  map.on("click", ({ point, originalEvent }) => {
    if (draw.owns(originalEvent)) return;
    const properties = found(point)?.properties;
    if (typeof properties?.cell === "string") store.set({ area: { kind: "bbox", bbox: boxOfCell(properties.cell) } });
    else if (typeof properties?.name === "string") store.set({ area: { kind: "boundary", name: properties.name } });
  });
}

/** Puts a tip beside the pointer, on the side that has room. */
export function moveTip(tip: HTMLElement, { x, y }: { x: number; y: number }): void {
  const parent = tip.parentElement;
  const isRight = x > (parent?.clientWidth ?? 0) / 2;
  tip.style.setProperty("left", `${x + (isRight ? -14 : 14)}px`);
  tip.style.setProperty("top", `${y + 14}px`);
  tip.style.setProperty("transform", isRight ? "translateX(-100%)" : "none");
}

function linesOf({ properties }: MapGeoJSONFeature): (Node | string)[] {
  if (typeof properties.cell === "string") {
    const { cell, trips, trips_per_week: perWeek, withheld } = properties;
    const figure = withheld ? "withheld: too few trips" : `${average(perWeek)} trips a week`;
    return [h("strong", {}, figure), h("span", {}, withheld ? `cell ${cell}` : `cell ${cell}, ${tripsText(trips)}`)];
  }
  return [
    h("strong", {}, `${average(properties.average)} trips a week`),
    h("span", {}, `${properties.name}, ${tripsText(properties.trips)}`),
  ];
}
