import { AppError } from "../errors.ts";
import type { Grant } from "../kit/principal.ts";
import type { Scope } from "../kit/scope.ts";
import { PASSWORD_LENGTH, type Passwords, REMEMBERED } from "./passwords.ts";

/** A user as it is listed. */
export interface User {
  username: string;
  scopes: Scope[];
  /** The only source, or the only region, whose trips the user may write and read; null: all. */
  source: string | null;
  region: string | null;
  created_by: string | null;
  created_at: string;
}

/** A user with what a login needs. */
export interface UserSecrets extends Grant {
  name: string;
  /** The hash of the password, and those of the former ones, newest first. */
  password: string;
  formerPasswords: string[];
}

export interface NewUser extends Grant {
  username: string;
  password: string;
  createdBy: string | undefined;
}

/** What changes about a user. Undefined: it stays. */
export interface UserChange {
  username: string;
  password: string | undefined;
  /** Replaces scopes and bound. */
  grant: Grant | undefined;
}

/** @throws AppError name_taken, invalid_body for the password */
export type AddUser = (user: NewUser) => Promise<User>;
export type ListUsers = () => Promise<User[]>;
/** Undefined: there is no such user. @throws AppError invalid_body for the password */
export type ChangeUser = (change: UserChange) => Promise<User | undefined>;
export type DeleteUser = (username: string) => Promise<boolean>;

/** The calls of the database that users need. */
export interface UserStore {
  insertUser: (user: Omit<NewUser, "password"> & { hash: string }) => Promise<User | undefined>;
  findUser: (name: string) => Promise<UserSecrets | undefined>;
  /** Stores a password unless it was changed meanwhile, and ends all logins of the user. */
  setPassword: (name: string, before: string, hash: string, former: readonly string[]) => Promise<boolean>;
  setGrant: (name: string, grant: Grant) => Promise<void>;
  readUser: (name: string) => Promise<User | undefined>;
}

/** Creates a user with a password. */
export function createAddUser({ insertUser }: UserStore, passwords: Passwords): AddUser {
  return async ({ password, ...user }) => {
    checkPassword(password, user.username, "password");
    const added = await insertUser({ ...user, hash: await passwords.hash(password) });
    if (added) return added;
    throw new AppError("name_taken", `There is a user ${user.username} already.`);
  };
}

/** Changes what is given of a user. */
export function createChangeUser(store: UserStore, passwords: Passwords): ChangeUser {
  return async ({ username, password, grant }) => {
    const user = await store.findUser(username);
    if (!user) return undefined;
    if (password !== undefined) await replacePassword(store, passwords, user, password, "password");
    if (grant) await store.setGrant(username, grant);
    return store.readUser(username);
  };
}

/**
 * Gives a user another password. All logins of the user end.
 *
 * @throws AppError invalid_body if it is too short or was used before
 */
export async function replacePassword(
  store: Pick<UserStore, "setPassword">,
  passwords: Passwords,
  { name, password: before, formerPasswords }: UserSecrets,
  password: string,
  field: string,
): Promise<void> {
  checkPassword(password, name, field);
  const used = [before, ...formerPasswords].slice(0, REMEMBERED);
  for (const one of used) {
    if (await passwords.isRight(password, one)) throw badPassword(field, `expected none of the last ${REMEMBERED}`);
  }
  if (await store.setPassword(name, before, await passwords.hash(password), used)) return;
  throw badPassword(field, "it was changed by another request at the same moment");
}

function checkPassword(password: string, username: string, field: string): void {
  const { min, max } = PASSWORD_LENGTH;
  if (password.length < min || password.length > max) throw badPassword(field, `expected ${min} to ${max} characters`);
  if (password.toLowerCase().includes(username.toLowerCase())) throw badPassword(field, "it holds the user's name");
}

const badPassword = (field: string, detail: string) =>
  new AppError("invalid_body", `${field}: ${detail}`, { errors: [{ field, detail }] });
