import type { Api } from "../api.ts";
import type { Data } from "../data.ts";
import { fill, h } from "../dom.ts";
import { sourcesQuestion } from "../questions.ts";
import { type Filters, MATCHES, type Match, NO_FILTERS } from "../state.ts";
import type { Store } from "../store.ts";

const MATCH_LABELS: Record<Match, string> = { origin: "Start", destination: "End", both: "Both", either: "Either" };
const MATCH_TITLES: Record<Match, string> = {
  origin: "Trips that start in the area",
  destination: "Trips that end in the area",
  both: "Trips that start and end in the area",
  either: "Trips that start or end in the area",
};
const DAY_TITLES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** The section with all filters. A filter counts for the map, the bars and the table alike. */
export function filtersPanel(api: Api, store: Store, data: Data): HTMLElement {
  const set = (change: Partial<Filters>) => store.set({ filters: { ...store.get().filters, ...change } });
  const reset = h("button", { type: "button", class: "quiet", click: () => set(NO_FILTERS) }, "Reset");

  const hours = toggles(
    24,
    (i) => [String(i), `${i}:00 to ${i}:59`],
    (chosen) => set({ hours: chosen }),
    0,
  );
  const days = toggles(
    7,
    (i) => [DAY_TITLES[i]?.slice(0, 3) ?? "", DAY_TITLES[i] ?? ""],
    (chosen) => set({ days: chosen }),
    1,
  );
  const matches = MATCHES.map((match) =>
    h("button", { type: "button", title: MATCH_TITLES[match], click: () => set({ match }) }, MATCH_LABELS[match]),
  );
  const source = h("select", { id: "source", change: () => set({ source: source.value || undefined }) });
  const dateInput = (key: "from" | "to") => {
    const input: HTMLInputElement = h("input", {
      type: "date",
      id: key,
      change: () => set({ [key]: input.value || undefined }),
    });
    return input;
  };
  const [from, to] = [dateInput("from"), dateInput("to")];
  let sources: string[] = [];

  const show = () => {
    const { filters } = store.get();
    hours.show(filters.hours);
    days.show(filters.days);
    for (const [i, match] of MATCHES.entries()) {
      matches[i]?.setAttribute("aria-pressed", String(match === filters.match));
    }
    const known = [...new Set([...sources, ...(filters.source ? [filters.source] : [])])];
    fill(source, h("option", { value: "" }, "All sources"), ...known.map((name) => h("option", { value: name }, name)));
    source.value = filters.source ?? "";
    from.value = filters.from ?? "";
    to.value = filters.to ?? "";
    reset.hidden = JSON.stringify(filters) === JSON.stringify(NO_FILTERS);
  };
  const readSources = () =>
    api.ask<{ rows: { source: string | null }[] }>(sourcesQuestion).then(
      ({ rows }) => {
        sources = rows.flatMap((one) => one.source ?? []).sort();
        show();
      },
      () => {},
    );
  store.subscribe(show);
  data.onReload(readSources);
  void readSources();
  show();
  return h(
    "section",
    { class: "filters", "aria-labelledby": "filters-title" },
    h("div", { class: "row" }, h("h2", { id: "filters-title" }, "Filters"), reset),
    group("Hours", hours.element),
    group("Days", days.element),
    group("Match", h("div", { class: "segments" }, ...matches)),
    h("div", { class: "field" }, h("label", { for: "source" }, "Source"), source),
    h(
      "div",
      { class: "field" },
      h("label", { for: "from" }, "Weeks"),
      h("div", { class: "dates" }, from, h("label", { for: "to" }, "to"), to),
    ),
  );
}

const group = (label: string, content: HTMLElement): HTMLElement => {
  content.setAttribute("role", "group");
  content.setAttribute("aria-label", label);
  return h("div", { class: "field" }, h("span", { "aria-hidden": "true" }, label), content);
};

/**
 * Buttons for numbers, of which several can be chosen; a drag over them chooses or frees all that it passes.
 *
 * @param first the number of the first button
 */
function toggles(
  length: number,
  labels: (i: number) => [text: string, title: string],
  chosen: (numbers: number[]) => void,
  first: number,
): { element: HTMLElement; show(numbers: readonly number[]): void } {
  const now = new Set<number>();
  let brush: boolean | undefined;
  const mark = () => {
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(now.has(i + first)));
  };
  const paint = (i: number) => {
    if (brush) now.add(i + first);
    else now.delete(i + first);
    mark();
  };
  const finish = () => {
    if (brush === undefined) return;
    brush = undefined;
    const all = [...now].sort((a, b) => a - b);
    // All of them are no filter.
    chosen(all.length === length ? [] : all);
  };
  const buttons = Array.from({ length }, (_, i) => {
    const [text, title] = labels(i);
    return h(
      "button",
      {
        type: "button",
        title,
        // A name must hold the text that is seen, as an hour's does.
        "aria-label": title.includes(":") ? title : undefined,
        pointerdown: (event: PointerEvent) => {
          (event.target as Element).releasePointerCapture?.(event.pointerId);
          brush = !now.has(i + first);
          paint(i);
        },
        pointerenter: () => {
          if (brush !== undefined) paint(i);
        },
        // A key, or a program for people who do not see, clicks without a pointer.
        click: (event: MouseEvent) => {
          if (event.detail !== 0) return;
          brush = !now.has(i + first);
          paint(i);
          finish();
        },
      },
      text,
    );
  });
  window.addEventListener("pointerup", finish);
  window.addEventListener("pointercancel", finish);
  return {
    element: h("div", { class: `toggles toggles-${length}` }, ...buttons),
    show: (numbers) => {
      if (brush !== undefined) return;
      now.clear();
      for (const n of numbers) now.add(n);
      mark();
    },
  };
}
