import type { ExpressionSpecification } from "maplibre-gl";
import { themeColour } from "../dom.ts";
import { breaksOf, twoDigits as shown } from "../format.ts";

const CLASSES = 6;

/** The classes of a figure on the map: the values that part them, and a colour for each, the least first. */
export interface Scale {
  title: string;
  breaks: number[];
  colours: string[];
  /** Whether there are no figures. Figures that are all alike have no breaks either. */
  isEmpty: boolean;
}

export function scaleOf(title: string, figures: readonly number[]): Scale {
  const breaks = breaksOf(figures, CLASSES);
  const ramp = Array.from({ length: CLASSES }, (_, i) => themeColour(`heat-${i + 1}`));
  // Fewer classes still reach from the palest to the strongest colour.
  const colours = Array.from({ length: breaks.length + 1 }, (_, i) =>
    breaks.length === 0 ? (ramp[3] ?? "") : (ramp[Math.round((i / breaks.length) * (CLASSES - 1))] ?? ""),
  );
  return { title, breaks, colours, isEmpty: figures.length === 0 };
}

/** The colour of a feature by its property. */
export function colourBy(property: string, { breaks, colours }: Scale): ExpressionSpecification | string {
  const [first = "", ...rest] = colours;
  if (rest.length === 0) return first;
  const value: ExpressionSpecification = ["coalesce", ["get", property], 0];
  return ["step", value, first, ...breaks.flatMap((from, i) => [from, rest[i] ?? first])] as ExpressionSpecification;
}

/** What a class is called: below the first value, between two, from the last on. */
export function classLabels({ breaks }: Scale): string[] {
  if (breaks.length === 0) return ["all"];
  const between = breaks.slice(1).map((to, i) => `${shown(breaks[i] ?? 0)} – ${shown(to)}`);
  return [`< ${shown(breaks[0] ?? 0)}`, ...between, `≥ ${shown(breaks.at(-1) ?? 0)}`];
}
