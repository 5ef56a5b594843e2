import type { Endpoint } from "../kit/endpoint.http.ts";
import type { AddKey, ListKeys, RevokeKey } from "./credentials.ts";
import { deleteKey, getKeys, postKey } from "./keys.http.ts";
import type { Logins } from "./logins.ts";
import { postPassword, postRevoke, postToken } from "./tokens.http.ts";
import { deleteUserEndpoint, getUsers, postUser, putUser } from "./users.http.ts";
import type { AddUser, ChangeUser, DeleteUser, ListUsers } from "./users.ts";

/** The calls behind the endpoints. */
export interface AuthCalls {
  addKey: AddKey;
  listKeys: ListKeys;
  revokeKey: RevokeKey;
  addUser: AddUser;
  listUsers: ListUsers;
  changeUser: ChangeUser;
  deleteUser: DeleteUser;
  logins: Logins;
}

/** The endpoints for keys, users and their tokens. */
export const endpoints = (deps: AuthCalls): Endpoint[] => [
  postKey(deps.addKey),
  getKeys(deps.listKeys),
  deleteKey(deps.revokeKey),
  postUser(deps.addUser),
  getUsers(deps.listUsers),
  putUser(deps.changeUser),
  deleteUserEndpoint(deps.deleteUser),
  postToken(deps.logins),
  postRevoke(deps.logins),
  postPassword(deps.logins),
];
