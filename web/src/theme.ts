import { h } from "./dom.ts";

const ITEM = "tripgrid.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const isDark = (): boolean => document.documentElement.dataset.theme === "dark";

/** Follows the system's theme until a person chooses another. Every change is told by the event `themechange`. */
export function themeButton(): HTMLButtonElement {
  const button = h("button", {
    type: "button",
    class: "icon",
    click: () => {
      localStorage.setItem(ITEM, isDark() ? "light" : "dark");
      apply();
    },
  });
  const apply = () => {
    const chosen = localStorage.getItem(ITEM);
    document.documentElement.dataset.theme = chosen ?? (dark.matches ? "dark" : "light");
    button.textContent = isDark() ? "☀" : "☾";
    button.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    button.title = button.getAttribute("aria-label") ?? "";
    document.dispatchEvent(new Event("themechange"));
  };
  dark.addEventListener("change", apply);
  apply();
  return button;
}
