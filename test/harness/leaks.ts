import { isKey } from "../../src/auth/key-text.ts";

/** What no log, metric or reply may hold: keys, tokens, hashes of passwords, secrets of callbacks, passwords in addresses. */
const SECRETS: [what: string, form: RegExp][] = [
  ["a refresh token", /tgr_[\w-]{43}/],
  ["a token", /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}/],
  ["the hash of a password", /\$argon2id?\$/],
  ["a secret of callbacks", /whsec_[\w+/]{24,}/],
  ["a password in an address", /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#"]*:[^\s:@/?#"]+@/],
];

/** The kind of secret that a text holds. Undefined: none. */
export function secretIn(text: string): string | undefined {
  if ((text.match(/tg_[\w-]{49}/g) ?? []).some(isKey)) return "a key";
  return SECRETS.find(([, form]) => form.test(text))?.[0];
}

const found = new Set<string>();

/** Looks for secrets in what the service gave away. They fail the file in its end: `setup.ts` calls `failOnLeaks`. */
export function lookForSecrets(where: string, text: string): void {
  const what = secretIn(text);
  if (what) found.add(`${where} holds ${what}`);
}

/** @throws Error if a secret was found since the last call */
export function failOnLeaks(): void {
  const all = [...found];
  found.clear();
  if (all.length > 0) throw new Error(`Secrets were given away: ${all.join("; ")}`);
}

/** The addresses whose replies give a secret to whom it belongs. */
export const givesSecrets = (path: string): boolean => /^\/v1\/(keys|tokens)(\?|$)/.test(path);
