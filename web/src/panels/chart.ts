import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { WeeklyAnswer } from "../answers.ts";
import { h, themeColour } from "../dom.ts";
import { addDays, average, count, date, short, trips } from "../format.ts";

const HEIGHT = 168;
const DAY_S = 86_400;

export interface Chart {
  element: HTMLElement;
  /**
   * Draws a bar for each week.
   *
   * @param all the weeks among which the brush chooses
   * @param chosen the answer about the chosen weeks
   */
  show(all: WeeklyAnswer | undefined, chosen: WeeklyAnswer | undefined): void;
}

type Weeks = WeeklyAnswer["weeks"];

/** Weeks as bars, with their average as a line. A drag over them chooses weeks, a double click all. */
export function createChart(choose: (from: string | undefined, to: string | undefined) => void): Chart {
  const figure = h("div", { class: "chart-figure", role: "img" });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const element = h("div", { class: "chart" }, figure, readout);
  let plot: uPlot | undefined;
  let weeks: Weeks = [];

  const hint = "Drag over the bars to choose weeks.";
  const read = (index: number | null | undefined) => {
    const week = typeof index === "number" ? weeks[index] : undefined;
    const bounds = week?.trips_bounds;
    const between = bounds && bounds[0] !== bounds[1] ? ` (${count(bounds[0])} to ${count(bounds[1])})` : "";
    readout.textContent = week
      ? `${week.week}, from ${date(week.start)}: ${week.trips === null ? "withheld" : trips(week.trips)}${between}`
      : hint;
  };
  const selected = (u: uPlot) => {
    const { left, width } = u.select;
    if (width < 3) return;
    const [first, end] = [left, left + width].map((x) => u.posToIdx(x));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const [from, to] = [weeks[first ?? 0], weeks[end ?? 0]];
    if (from && to) choose(from.start, addDays(to.start, 6));
  };

  function draw(all: WeeklyAnswer | undefined, chosen: WeeklyAnswer | undefined): void {
    plot?.destroy();
    plot = undefined;
    weeks = withoutGaps(all?.weeks ?? []);
    read(undefined);
    if (weeks.length === 0) return;
    const window = chosen?.window;
    const isIn = ({ start }: Weeks[number]) => !window || (start >= window.from && start < window.to);
    const x = weeks.map(({ start }) => Date.parse(`${start}T00:00:00Z`) / 1000);
    const [accent, faint, text, grid] = ["accent", "bar-faint", "text-soft", "grid"].map(themeColour);
    const bars = uPlot.paths.bars?.({ size: [0.78, 40], radius: weeks.length < 70 ? 0.15 : 0 });
    const axis = { stroke: text ?? "", font: "11px system-ui, sans-serif", ticks: { show: false } };
    const noPoints = { points: { show: false } };
    const series: uPlot.Series[] = [
      {},
      { stroke: "transparent", fill: accent ?? "", ...(bars ? { paths: bars } : {}), ...noPoints },
      { stroke: "transparent", fill: faint ?? "", ...(bars ? { paths: bars } : {}), ...noPoints },
      { stroke: themeColour("average"), width: 1.5, dash: [5, 3], ...noPoints },
    ];
    plot = new uPlot(
      {
        width: Math.max(200, figure.clientWidth),
        height: HEIGHT,
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
        scales: {
          x: { range: () => [(x[0] ?? 0) - 3.5 * DAY_S, (x.at(-1) ?? 0) + 3.5 * DAY_S] },
          y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 38, space: 56 },
          {
            ...axis,
            grid: { stroke: grid ?? "", width: 1 },
            size: 44,
            space: 34,
            values: (_, ticks) => ticks.map((n) => (Number.isInteger(n) ? short(n) : "")),
          },
        ],
        series,
        hooks: {
          setCursor: [(u) => read(u.cursor.idx)],
          setSelect: [selected],
          draw: [(u) => drawBands(u, weeks, text ?? "")],
        },
      },
      [
        x,
        weeks.map((week) => (isIn(week) ? week.trips : null)),
        weeks.map((week) => (isIn(week) ? null : week.trips)),
        weeks.map((week) => (isIn(week) ? (chosen?.average ?? null) : null)),
      ],
      figure,
    );
    // The library's own zooms to the data, which is all there is.
    plot.over.addEventListener("dblclick", () => choose(undefined, undefined));
    figure.setAttribute("aria-label", summaryOf(weeks, chosen));
  }
  new ResizeObserver(() => {
    if (plot && figure.clientWidth > 0 && Math.abs(plot.width - figure.clientWidth) > 1) {
      plot.setSize({ width: figure.clientWidth, height: HEIGHT });
    }
  }).observe(figure);
  return { element, show: draw };
}

/** The weeks of an answer with those between them that it does not list, which have no trips. */
export function withoutGaps(weeks: Weeks): Weeks {
  const all: Weeks = [];
  for (const week of weeks) {
    for (let last = all.at(-1); last && addDays(last.start, 7) < week.start; last = all.at(-1)) {
      all.push({ week: "", start: addDays(last.start, 7), trips: 0 });
    }
    all.push(week);
  }
  return all;
}

/** Draws the bounds of an estimate as a thin line through the top of each bar. */
function drawBands(u: uPlot, weeks: Weeks, colour: string): void {
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  for (const { start, trips_bounds: bounds } of weeks) {
    if (!bounds || bounds[0] === bounds[1]) continue;
    const x = Math.round(u.valToPos(Date.parse(`${start}T00:00:00Z`) / 1000, "x", true));
    ctx.beginPath();
    ctx.moveTo(x, u.valToPos(bounds[0], "y", true));
    ctx.lineTo(x, u.valToPos(bounds[1], "y", true));
    ctx.stroke();
  }
  ctx.restore();
}

function summaryOf(weeks: Weeks, chosen: WeeklyAnswer | undefined): string {
  const most = weeks.reduce((best, week) => ((week.trips ?? 0) > (best?.trips ?? 0) ? week : best), weeks[0]);
  return `Trips in each of ${weeks.length} weeks, ${average(chosen?.average)} on average; the most, ${count(most?.trips)}, in the week of ${date(most?.start ?? "1970-01-01")}`;
}
