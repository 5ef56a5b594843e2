import type { Polygon, Position } from "geojson";
import type { Map as MapLibre } from "maplibre-gl";
import { TerraDraw, TerraDrawCircleMode, TerraDrawPolygonMode, TerraDrawRectangleMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { type Area, boxAround, distanceM, rounded, roundedRing } from "../area.ts";
import { themeColour } from "../dom.ts";

export type Tool = "rectangle" | "polygon" | "circle";

export interface Draw {
  /** Begins to draw. A tool that is in use is put away. */
  use(tool: Tool): void;
  stop(): void;
  tool(): Tool | undefined;
  /** Whether a click belongs to the drawing: also the one that has just finished it. */
  owns(click: Event): boolean;
}

/**
 * Lets a person draw an area on the map.
 *
 * @param done gets the area that was drawn
 * @param changed is called when a tool is taken or put away
 */
export function createDraw(map: MapLibre, done: (area: Area) => void, changed: () => void): Draw {
  let tool: Tool | undefined;
  let draw: TerraDraw | undefined;
  let stoppedAt = 0;

  function start(): TerraDraw {
    const colour = (themeColour("accent") || "#0b6b70") as `#${string}`;
    const styles = { fillColor: colour, fillOpacity: 0.12, outlineColor: colour, outlineWidth: 2 };
    const made = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 7 }),
      modes: [
        new TerraDrawPolygonMode({ styles }),
        new TerraDrawRectangleMode({ styles, drawInteraction: "click-move-or-drag" }),
        new TerraDrawCircleMode({ styles, drawInteraction: "click-move-or-drag" }),
      ],
    });
    made.start();
    made.on("finish", (id) => {
      const geometry = made.getSnapshotFeature(id)?.geometry as Polygon | undefined;
      const drawn = tool;
      // The library still works on the shape while it tells that it is finished.
      queueMicrotask(() => stop());
      const area = geometry && drawn && areaOf(drawn, geometry.coordinates[0] ?? []);
      if (area) done(area);
    });
    return made;
  }

  function stop(): void {
    if (tool) stoppedAt = performance.now();
    tool = undefined;
    draw?.stop();
    draw = undefined;
    changed();
  }

  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key === "Escape" && tool) stop();
  });
  return {
    use: (next) => {
      const isSame = tool === next;
      stop();
      if (isSame) return;
      tool = next;
      draw = start();
      draw.setMode(next);
      map.getCanvas().focus({ preventScroll: true });
      changed();
    },
    stop,
    tool: () => tool,
    owns: ({ timeStamp }) => tool !== undefined || timeStamp <= stoppedAt,
  };
}

/** The area of a ring that was drawn with a tool. */
export function areaOf(tool: Tool, ring: Position[]): Area | undefined {
  const box = boxAround([ring]);
  if (!box) return undefined;
  if (tool === "polygon") return { kind: "shape", shape: { type: "Polygon", coordinates: [roundedRing(ring)] } };
  const [west = 0, south = 0, east = 0, north = 0] = box.map(rounded);
  if (tool === "rectangle") return { kind: "bbox", bbox: [west, south, east, north] };
  const center: [number, number] = [rounded((west + east) / 2), rounded((south + north) / 2)];
  const radiusM = Math.round(distanceM(center, [east, center[1]]));
  return radiusM > 0 ? { kind: "circle", center, radiusM } : undefined;
}
