import type { RegionsAnswer } from "../answers.ts";
import type { Api } from "../api.ts";
import { type Box, boxAround, polygonsOf, rounded } from "../area.ts";
import type { Data } from "../data.ts";
import { h } from "../dom.ts";
import { mapTools } from "../panels/map-tools.ts";
import { isFlows } from "../questions.ts";
import type { Store } from "../store.ts";
import { isDark } from "../theme.ts";
import { addCells } from "./cells.ts";
import { createDraw } from "./draw.ts";
import type { Flows } from "./flows.ts";
import { addHover } from "./hover.ts";
import { addLayers } from "./layers.ts";
import { showLegend } from "./legend.ts";
import { createMap } from "./map.ts";
import { type Caption, pictureOf } from "./picture.ts";

export interface StartedMap {
  fit(box: Box): void;
  /** The box that it shows, within the world. */
  view(): Box;
  pictureWith(caption: Omit<Caption, "scale">): Promise<Blob>;
}

/** Makes the map with all that is on it, and shows the state and the answers as they change. */
export async function startMap(element: HTMLElement, api: Api, store: Store, data: Data): Promise<StartedMap> {
  const container = h("div", { class: "map" });
  const tip = h("div", { class: "tip", hidden: true, role: "status" });
  const legend = h("aside", { class: "legend", "aria-label": "Legend" });
  element.append(container, tip, legend);
  const view = await createMap(container, api, store);
  const { map } = view;
  const layers = addLayers(map);
  const cells = addCells(map, api, store, () => drawLegend());
  const draw = createDraw(
    map,
    (area) => store.set({ area }),
    () => tools.show(),
  );
  const tools = mapTools(store, draw);
  element.append(tools.element);
  tools.show();
  addHover(map, store, tip, cells.layer, draw);

  let flows: Promise<Flows> | undefined;
  const drawFlows = async () => {
    const wanted = isFlows(store.get().show);
    if (wanted) flows ??= import("./flows.ts").then(({ addFlows }) => addFlows(map, tip));
    const made = await flows;
    made?.show(isFlows(store.get().show) ? data.answers.flows.answer : undefined, isDark());
    drawLegend();
  };
  const scaleNow = () => {
    const { show } = store.get();
    return show === "cells" ? cells.scale() : show === "regions" ? layers.scale() : undefined;
  };
  const drawLegend = () => {
    const { show } = store.get();
    if (isFlows(show)) {
      const { answer, isLoading, error } = data.answers.flows;
      const none = answer?.clusters.length === 0 ? "No flows here: few trips have both a start and an end." : undefined;
      const note = error?.message ?? (isLoading ? "Finding the biggest flows …" : none);
      legend.setAttribute("aria-busy", String(isLoading));
      showLegend(legend, undefined, note ?? "The wider a flow, the more trips a week. Point at one for its figure.");
      return;
    }
    const scale = scaleNow();
    const isEmpty = !scale || scale.title === "" || (scale.isEmpty && show === "cells" && !cells.isLoading());
    const problem = show === "cells" ? cells.error() : data.answers.regions.error?.message;
    const loading = show === "cells" ? cells.isLoading() : data.answers.regions.isLoading;
    const note = problem ?? (isEmpty ? (loading ? "Counting …" : "No trips in this view.") : undefined);
    showLegend(legend, isEmpty ? undefined : scale, note);
    legend.setAttribute("aria-busy", String(loading));
  };
  let isFitted = store.get().view !== undefined;
  data.subscribe("regions", () => {
    const { answer, isLoading } = data.answers.regions;
    if (isLoading) return;
    layers.showRegions(answer);
    if (!isFitted) void fitToData(answer);
    drawLegend();
  });
  const fitToData = async (answer: RegionsAnswer | undefined) => {
    isFitted = true;
    const box = boxOfBusiest(answer) ?? (await boxOfData(api));
    if (box) view.fit(box);
    else cells.reload();
  };
  data.subscribe("flows", () => void drawFlows());
  data.onReload(cells.reload);
  store.subscribe((now, before) => {
    layers.showState(now);
    if (now.show !== before.show) void drawFlows();
    drawLegend();
    const isNew = now.area?.kind === "boundary" && JSON.stringify(now.area) !== JSON.stringify(before.area);
    const box = isNew && boxOfRegion(data.answers.regions.answer, now.area?.kind === "boundary" ? now.area.name : "");
    if (box && !overlaps(box, map.getBounds().toArray().flat() as Box)) view.fit(box);
  });
  document.addEventListener("themechange", () => {
    view.recolour();
    layers.recolour();
    cells.recolour();
    void drawFlows();
  });
  layers.showState(store.get());
  const { answer, isLoading } = data.answers.regions;
  if (!isLoading) {
    layers.showRegions(answer);
    if (!isFitted) await fitToData(answer);
  }
  await drawFlows();
  const boxInView = (): Box => {
    const [west = 0, south = 0, east = 0, north = 0] = map.getBounds().toArray().flat().map(rounded);
    return east - west >= 360 ? [-180, south, 180, north] : [Math.max(-180, west), south, Math.min(180, east), north];
  };
  return {
    view: boxInView,
    fit: view.fit,
    pictureWith: (caption) => pictureOf(view, { ...caption, scale: scaleNow() }),
  };
}

const boxOfRegion = (answer: RegionsAnswer | undefined, name: string): Box | undefined => {
  const found = answer?.features.find(({ properties }) => properties.name === name);
  return found && boxAround(polygonsOf(found.geometry).flat());
};

/** The box of the region with most trips, where a first look is worth most. */
function boxOfBusiest(answer: RegionsAnswer | undefined): Box | undefined {
  const most = answer?.features.reduce((best, one) =>
    (one.properties.trips ?? 0) > (best.properties.trips ?? 0) ? one : best,
  );
  return most && (most.properties.trips ?? 0) > 0 ? boxOfRegion(answer, most.properties.name) : undefined;
}

/** The box of all trips. Undefined: there are none. */
async function boxOfData(api: Api): Promise<Box | undefined> {
  const tiles = await api.ask<{ bounds: Box }>({ method: "GET", path: "/tiles/cells" }).catch(() => undefined);
  return tiles && tiles.bounds[0] > -180 ? tiles.bounds : undefined;
}

/** Whether two boxes share at least a corner. */
const overlaps = (a: Box, b: Box): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
