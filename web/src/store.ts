import { fromHash, type State, toHash } from "./state.ts";

type Listener = (now: State, before: State) => void;

/** The state of the page, kept in the address: reload, back and forward restore it. */
export interface Store {
  get(): State;
  /** Changes parts of the state. `replace` makes no new entry in the browser's history, for what changes all the time. */
  set(change: Partial<State>, how?: "push" | "replace"): void;
  subscribe(listener: Listener): void;
}

export function createStore(): Store {
  let state = fromHash(location.hash);
  const listeners: Listener[] = [];
  const become = (next: State) => {
    const before = state;
    state = next;
    for (const listener of listeners) listener(next, before);
  };
  // Also if a person edits the address.
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== toHash(state)) become(fromHash(location.hash));
  });
  window.addEventListener("popstate", () => {
    if (location.hash.slice(1) !== toHash(state)) become(fromHash(location.hash));
  });
  return {
    get: () => state,
    set: (change, how = "push") => {
      const next = { ...state, ...change };
      const hash = toHash(next);
      if (hash === toHash(state)) return;
      history[how === "push" ? "pushState" : "replaceState"](null, "", `#${hash}`);
      become(next);
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}

/** Whether two states ask the same question. The view of the map asks nothing. */
export const asksTheSame = (a: State, b: State): boolean =>
  toHash({ ...a, view: undefined }) === toHash({ ...b, view: undefined });
