/** The credential of this tab. It is never part of an address, and gone once the tab is closed. */
export type Session =
  | { kind: "key"; key: string }
  | { kind: "user"; username: string; accessToken: string; refreshToken: string };

const ITEM = "tripgrid.session";

export function readSession(): Session | undefined {
  const text = sessionStorage.getItem(ITEM);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

export function writeSession(session: Session | undefined): void {
  if (session === undefined) sessionStorage.removeItem(ITEM);
  else sessionStorage.setItem(ITEM, JSON.stringify(session));
}

export const bearerOf = (session: Session): string => (session.kind === "key" ? session.key : session.accessToken);
