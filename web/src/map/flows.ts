import { MapboxOverlay } from "@deck.gl/mapbox";
import { FlowmapLayer } from "@flowmap.gl/layers";
import type { Map as MapLibre } from "maplibre-gl";
import type { ClusterAnswer } from "../answers.ts";
import { fill, h } from "../dom.ts";
import { average, count } from "../format.ts";
import { moveTip } from "./hover.ts";

/** A place where flows begin or end. */
interface Place {
  id: string;
  lon: number;
  lat: number;
}

/** The trips from one place to another, at all hours. */
export interface Flow {
  from: string;
  to: string;
  trips: number;
  perWeek: number;
}

/** From the flows with fewest trips to those with most. The thinnest must be seen on a dark map too. */
const ON_DARK = ["#47808c", "#68abb8", "#a8dbd9", "#d8f2ee"];

/** Flows on the map, drawn by flowmap.gl. This module is loaded when they are first shown. */
export interface Flows {
  show(answer: ClusterAnswer | undefined, isDark: boolean): void;
}

export function addFlows(map: MapLibre, tip: HTMLElement): Flows {
  const overlay = new MapboxOverlay({ interleaved: false, layers: [] });
  map.addControl(overlay);
  const tell = (info: { object?: unknown; x: number; y: number } | undefined) => {
    const object = info?.object as Picked | undefined;
    tip.hidden = !object;
    if (!object || !info) return;
    fill(tip, ...linesOf(object));
    moveTip(tip, { x: info.x, y: info.y });
  };
  return {
    show: (answer, isDark) => {
      if (!answer) return overlay.setProps({ layers: [] });
      const { places, flows } = flowsOf(answer);
      const layer = new FlowmapLayer<Place, Flow>({
        id: "flows",
        data: { locations: places, flows },
        darkMode: isDark,
        colorScheme: isDark ? ON_DARK : "BluGrn",
        opacity: 0.9,
        pickable: true,
        // On a dark map it would fade thin flows to black.
        fadeEnabled: !isDark,
        clusteringEnabled: true,
        maxTopFlowsDisplayNum: 600,
        flowLinesRenderingMode: "curved",
        getLocationId: ({ id }) => id,
        getLocationLat: ({ lat }) => lat,
        getLocationLon: ({ lon }) => lon,
        getLocationName: ({ id }) => id,
        getFlowOriginId: ({ from }) => from,
        getFlowDestId: ({ to }) => to,
        getFlowMagnitude: ({ perWeek }) => perWeek,
        // A finger cannot hover.
        onHover: tell,
        onClick: tell,
      });
      overlay.setProps({ layers: [layer] });
    },
  };
}

type Picked =
  | { type: "flow"; count: number; origin?: { name?: string; id: string }; dest?: { name?: string; id: string } }
  | { type: "location"; name?: string; id: string; totals?: { incomingCount: number; outgoingCount: number } };

function linesOf(picked: Picked): (Node | string)[] {
  if (picked.type === "flow") {
    const name = (end: { name?: string; id: string } | undefined) => end?.name ?? end?.id ?? "";
    return [
      h("strong", {}, `${average(picked.count)} trips a week`),
      h("span", {}, `${name(picked.origin)} → ${name(picked.dest)}`),
    ];
  }
  const { incomingCount = 0, outgoingCount = 0 } = picked.totals ?? {};
  return [
    h("strong", {}, picked.name ?? picked.id),
    h("span", {}, `${count(outgoingCount)} begin, ${count(incomingCount)} end here a week`),
  ];
}

/** Flows of clusters: those of all hours together, between places in the middle of their trips' points. */
export function flowsOf({ clusters }: Pick<ClusterAnswer, "clusters">): { places: Place[]; flows: Flow[] } {
  const places = new Map<string, { lon: number; lat: number; weight: number }>();
  const flows = new Map<string, Flow>();
  const add = (id: string, [lon, lat]: [number, number], weight: number) => {
    const place = places.get(id) ?? { lon: 0, lat: 0, weight: 0 };
    places.set(id, { lon: place.lon + lon * weight, lat: place.lat + lat * weight, weight: place.weight + weight });
  };
  for (const one of clusters) {
    const { origin_cell: from, destination_cell: to, trips, trips_per_week: perWeek } = one;
    add(from, one.origin, trips);
    add(to, one.destination, trips);
    const known = flows.get(`${from} ${to}`);
    flows.set(`${from} ${to}`, {
      ...{ from, to },
      trips: trips + (known?.trips ?? 0),
      perWeek: perWeek + (known?.perWeek ?? 0),
    });
  }
  return {
    places: [...places].map(([id, { lon, lat, weight }]) => ({ id, lon: lon / weight, lat: lat / weight })),
    flows: [...flows.values()],
  };
}
