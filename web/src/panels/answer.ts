import type { WeeklyAnswer } from "../answers.ts";
import type { Api } from "../api.ts";
import type { Data } from "../data.ts";
import { fill, h } from "../dom.ts";
import { average, count, instant, trips, window } from "../format.ts";
import { areaTitle } from "../questions.ts";
import type { Store } from "../store.ts";
import { createChart } from "./chart.ts";
import { copyMenu, type MapFiles } from "./copy.ts";
import { errorNote } from "./notes.ts";

/** The section with the figure of the area and its weeks. */
export function answerPanel(api: Api, store: Store, data: Data, map: MapFiles): HTMLElement {
  const title = h("h2", { id: "answer-title" });
  const clear = h(
    "button",
    { type: "button", class: "quiet", click: () => store.set({ area: undefined }) },
    "All trips",
  );
  const figure = h("p", { class: "figure" });
  const about = h("p", { class: "about" });
  const notes = h("div", { class: "notes", "aria-live": "polite" });
  const chart = createChart((from, to) => store.set({ filters: { ...store.get().filters, from, to } }));
  const allWeeks = h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => store.set({ filters: { ...store.get().filters, from: undefined, to: undefined } }),
    },
    "All weeks",
  );

  const show = () => {
    const { area, filters } = store.get();
    const { answer, isLoading, error } = data.answers.weekly;
    const hasWindow = filters.from !== undefined || filters.to !== undefined;
    title.textContent = areaTitle(area);
    clear.hidden = area === undefined;
    allWeeks.hidden = !hasWindow;
    section.setAttribute("aria-busy", String(isLoading));
    section.dataset.method = answer && !isLoading ? answer.method : "";
    fill(figure, h("output", { id: "average" }, average(answer?.average)), h("span", {}, " trips a week"));
    fill(about, ...aboutOf(answer, isLoading));
    fill(notes, ...notesOf(answer), error && errorNote(error, data.reload));
    chart.show(hasWindow ? data.answers.weeks.answer : answer, answer);
  };
  const section = h(
    "section",
    { id: "answer", class: "answer", "aria-labelledby": "answer-title", tabindex: -1 },
    h("div", { class: "row" }, title, clear, allWeeks, copyMenu(api, store, data, map)),
    figure,
    about,
    chart.element,
    notes,
  );
  data.subscribe("weekly", show);
  data.subscribe("weeks", show);
  store.subscribe(show);
  document.addEventListener("themechange", show);
  show();
  return section;
}

function aboutOf(answer: WeeklyAnswer | undefined, isLoading: boolean): (Node | string)[] {
  if (!answer) return [isLoading ? "Counting …" : ""];
  const weeks = `${count(answer.weeks_in_window)} ${answer.weeks_in_window === 1 ? "week" : "weeks"}`;
  const when = answer.window ? `, ${window(answer.window)}` : "";
  const bounds = answer.average_bounds;
  const between =
    bounds && bounds[0] !== bounds[1] ? ` (estimate, ${average(bounds[0])} to ${average(bounds[1])})` : "";
  return [
    h("span", { id: "trips" }, trips(answer.trips)),
    ` in ${weeks}${when}${between}`,
    h(
      "span",
      { class: "as-of", title: "Every trip committed before this moment is counted" },
      `as of ${instant(answer.data_as_of)}`,
    ),
  ];
}

function notesOf(answer: WeeklyAnswer | undefined): HTMLElement[] {
  if (!answer) return [];
  const notes = [...(answer.hints ?? [])];
  if (answer.trips === 0 || answer.window === null) {
    notes.push(
      "There are no trips here. Draw a larger area, loosen the filters, or drop a file of trips on this page.",
    );
  }
  if (answer.withheld && (answer.withheld.weeks > 0 || answer.trips === null)) {
    notes.push(`Groups of fewer than ${answer.withheld.min_trips} trips are withheld: ${answer.withheld.weeks} weeks.`);
  }
  if (answer.retired_before) notes.push(`Of the weeks before ${answer.retired_before} only counts are kept.`);
  return notes.map((note) => h("p", { class: "note" }, note));
}
