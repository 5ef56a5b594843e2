import { type Api, ApiError } from "../api.ts";
import { fill, h } from "../dom.ts";

export interface SignIn {
  dialog: HTMLDialogElement;
  /** The button that opens the dialog, or signs out. */
  button: HTMLButtonElement;
}

/**
 * Asks for an API key, or a user's name and password, when the service needs a credential.
 *
 * @param changed is called with another credential
 */
export function createSignIn(api: Api, changed: () => void): SignIn {
  const error = h("p", { class: "note error", role: "alert", hidden: true });
  const key = h("input", {
    id: "key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "tg_…",
  });
  const username = h("input", { id: "username", autocomplete: "username" });
  const password = h("input", { id: "password", type: "password", autocomplete: "current-password" });
  const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
  const fail = (text: string) => {
    error.textContent = text;
    error.hidden = text === "";
  };

  async function signIn(event: Event): Promise<void> {
    event.preventDefault();
    fail("");
    submit.disabled = true;
    try {
      if (key.value.trim() !== "") api.useKey(key.value.trim());
      else if (username.value !== "" && password.value !== "") await api.logIn(username.value, password.value);
      else return fail("Enter a key, or a user name with its password.");
      key.value = "";
      password.value = "";
      dialog.close();
      show();
      changed();
    } catch (thrown) {
      fail(thrown instanceof ApiError ? thrown.message : String(thrown));
    } finally {
      submit.disabled = false;
    }
  }
  const form = h(
    "form",
    { submit: (event: Event) => void signIn(event) },
    h("h2", { id: "sign-in-title" }, "Sign in"),
    h("p", {}, "This service asks for a credential. It stays in this tab, and is gone when you close it."),
    h("label", { for: "key" }, "API key"),
    key,
    h("p", { class: "or" }, "or"),
    h("label", { for: "username" }, "User name"),
    username,
    h("label", { for: "password" }, "Password"),
    password,
    error,
    h("div", { class: "actions" }, h("button", { type: "button", click: () => dialog.close() }, "Cancel"), submit),
  );
  const dialog = h("dialog", { "aria-labelledby": "sign-in-title", class: "sign-in" }, form);
  const open = (text = "") => {
    fail(text);
    if (!dialog.open) dialog.showModal();
  };
  const button = h("button", {
    type: "button",
    class: "quiet",
    click: async () => {
      if (!api.session()) return open();
      await api.signOut();
      show();
      changed();
    },
  });
  const show = () => {
    const session = api.session();
    button.textContent = session ? "Sign out" : "Sign in";
    button.title =
      session?.kind === "user" ? `Signed in as ${session.username}` : session ? "Signed in with a key" : "";
  };
  api.onSignInNeeded = ({ message }) => {
    // All questions of the page fail at once. The first one says why.
    if (dialog.open) return;
    // The first time nothing is wrong yet: there just is no credential.
    const isWrong = api.session() !== undefined;
    void api.signOut().then(show);
    open(isWrong ? message : "");
  };
  show();
  fill(dialog, form);
  return { dialog, button };
}
