import type { ApiError } from "../api.ts";
import { h } from "../dom.ts";

/** An error with what can be done about it. A missing credential is asked for elsewhere. */
export function errorNote(error: ApiError, retry: () => void): HTMLElement {
  const text = error.status === 401 ? "Sign in to see this." : error.message;
  return h(
    "p",
    { class: "note error", role: "alert" },
    text,
    " ",
    h("button", { type: "button", class: "quiet", click: retry }, "Try again"),
  );
}
