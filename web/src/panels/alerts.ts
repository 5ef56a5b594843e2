import type { Alert } from "../answers.ts";
import type { Api } from "../api.ts";
import { fill, h } from "../dom.ts";
import { instant } from "../format.ts";
import { followEvents } from "../live/follow.ts";

/** Alerts that are shown. */
const SHOWN = 6;

/** The section with the newest alerts and those that happen. It is there once there is one. */
export function alertsPanel(api: Api): HTMLElement {
  let alerts: Alert[] = [];
  const list = h("ul", { class: "batches" });
  const section = h(
    "section",
    { class: "alerts", "aria-labelledby": "alerts-title", hidden: true },
    h("h2", { id: "alerts-title" }, "Alerts"),
    list,
  );
  const add = (more: Alert[]) => {
    const all = new Map([...alerts, ...more].map((alert) => [alert.id, alert]));
    alerts = [...all.values()].sort((a, b) => b.at.localeCompare(a.at)).slice(0, SHOWN);
    section.hidden = alerts.length === 0;
    fill(list, ...alerts.map(item));
  };
  const read = () =>
    api.ask<{ alerts: Alert[] }>({ method: "GET", path: `/v1/alerts?limit=${SHOWN}` }).then(
      (page) => add(page.alerts),
      // Who may not read them sees none.
      () => {},
    );
  const reopen = followEvents<Alert>(api, "/v1/alerts", { data: (alert) => add([alert]), state: () => {} });
  document.addEventListener("sessionchange", () => {
    reopen();
    void read();
  });
  void read();
  return section;
}

function item({ rule, at, detection, trip }: Alert): HTMLElement {
  const vehicle = detection && `${detection.Make} ${detection.Model} ${detection.Year}, ${detection.Category}`;
  const what = vehicle ?? (trip ? `Trip ${trip.trip_id} of ${trip.source}` : "");
  return h(
    "li",
    {},
    h("div", { class: "row" }, h("strong", {}, rule), h("time", { datetime: at }, instant(at))),
    h("p", { class: "counts" }, what),
  );
}
