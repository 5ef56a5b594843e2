import type { ClusterAnswer, RegionsAnswer, WeeklyAnswer } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import {
  allWeeksQuestion,
  flowsQuestion,
  isFlows,
  type Question,
  regionsQuestion,
  weeklyQuestion,
} from "./questions.ts";
import type { State } from "./state.ts";
import { asksTheSame, type Store } from "./store.ts";

/** What is known of an answer: it is awaited, perhaps while an older one is shown, or it is there, or it failed. */
export interface Slot<T> {
  answer: T | undefined;
  isLoading: boolean;
  error: ApiError | undefined;
}

export interface Answers {
  /** The figure of the area: at first an estimate, then the exact one. */
  weekly: Slot<WeeklyAnswer>;
  /** All its weeks, among which the brush chooses. */
  weeks: Slot<WeeklyAnswer>;
  regions: Slot<RegionsAnswer>;
  flows: Slot<ClusterAnswer>;
}

type Name = keyof Answers;

export interface Data {
  answers: Readonly<Answers>;
  /** Called when an answer begins to be awaited, comes or fails. */
  subscribe(name: Name, listener: (slot: Slot<unknown>) => void): void;
  /** Asks everything again: there are new trips, or another credential. */
  reload(): void;
  onReload(listener: () => void): void;
}

/** Asks the questions of the state as it changes. A question that is out of date is given up. */
export function createData(api: Api, store: Store): Data {
  const empty = <T>(): Slot<T> => ({ answer: undefined, isLoading: true, error: undefined });
  const answers: Answers = { weekly: empty(), weeks: empty(), regions: empty(), flows: empty() };
  const listeners: [Name, (slot: Slot<unknown>) => void][] = [];
  const reloaders: (() => void)[] = [];
  const running = new Map<Name, AbortController>();
  const asked = new Map<Name, string>();

  const publish = (name: Name, slot: Slot<never>) => {
    answers[name] = slot;
    for (const [wanted, listener] of listeners) if (wanted === name) listener(slot);
  };

  /** Asks several forms of a question at once, of which a later one supersedes those before it. */
  function load(name: Name, questions: readonly Question[], isForced: boolean): void {
    const key = JSON.stringify(questions);
    if (!isForced && asked.get(name) === key) return;
    running.get(name)?.abort();
    const controller = new AbortController();
    running.set(name, controller);
    asked.set(name, key);
    let best = -1;
    publish(name, { ...answers[name], isLoading: true, error: undefined } as Slot<never>);
    for (const [i, question] of questions.entries()) {
      const isLast = i === questions.length - 1;
      api.ask<never>(question, controller.signal).then(
        (answer) => {
          if (controller.signal.aborted || i < best) return;
          best = i;
          publish(name, { answer, isLoading: !isLast, error: undefined });
        },
        (error) => {
          if (controller.signal.aborted || !isLast) return;
          asked.delete(name);
          const known = error instanceof ApiError ? error : new ApiError(0, "unknown", String(error));
          publish(name, { answer: undefined as never, isLoading: false, error: known });
        },
      );
    }
  }

  function loadAll(state: State, isForced = false): void {
    const hasWindow = state.filters.from !== undefined || state.filters.to !== undefined;
    // Without an area an estimate is what the exact answer is.
    const weekly = state.area
      ? [weeklyQuestion(state, "estimate"), weeklyQuestion(state, "exact")]
      : [weeklyQuestion(state, "exact")];
    load("weekly", weekly, isForced);
    if (hasWindow) load("weeks", [allWeeksQuestion(state)], isForced);
    load("regions", [regionsQuestion(state)], isForced);
    if (isFlows(state.show)) load("flows", [flowsQuestion(state)], isForced);
  }

  store.subscribe((now, before) => {
    if (!asksTheSame(now, before)) loadAll(now);
  });
  return {
    answers,
    subscribe: (name, listener) => void listeners.push([name, listener]),
    reload: () => {
      loadAll(store.get(), true);
      for (const reloader of reloaders) reloader();
    },
    onReload: (listener) => void reloaders.push(listener),
  };
}
