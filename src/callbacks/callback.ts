import ipaddr from "ipaddr.js";
import type { Receipt } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import { isPublicAddress } from "./public-address.ts";

const MAX_LENGTH = 2000;

/** Where callbacks may go. The address of a name is only known when it is called, and it is checked then. */
export interface CallbackPolicy {
  /** Whether private and loopback addresses are allowed too. */
  allowPrivate: boolean;
}

/** Something that is due to be sent: a final receipt, unless said otherwise. */
export interface DueCallback<P = Receipt> {
  /** Of the batch, or of what else it tells of. */
  id: string;
  url: string;
  /** From 1. */
  attempt: number;
  payload: P;
}

/** The result of an attempt. */
export type Attempt = "delivered" | FailedAttempt;

export interface FailedAttempt {
  error: string;
  /** Whether the receiver wants no further attempts. */
  isLast: boolean;
}

/** Sends one callback, once. Never rejects. */
export type SendCallback<P = Receipt> = (callback: DueCallback<P>, stop: AbortSignal) => Promise<Attempt>;

/**
 * Checks the URL of a callback and returns it in the form that is called later.
 *
 * @param policy undefined: there are no callbacks
 * @throws AppError invalid_parameter
 */
export function callbackUrl(text: string, policy: CallbackPolicy | undefined): string {
  const refuse = (detail: string) =>
    new AppError("invalid_parameter", `callback: ${detail}`, { errors: [{ field: "callback", detail }] });
  if (!policy) throw refuse("there are no callbacks here, since TRIPGRID_CALLBACK_SECRET is not set");
  const fault = callbackFault(text, policy);
  if (fault) throw refuse(fault);
  const url = new URL(text);
  url.hash = "";
  return url.href;
}

/** The fault of a callback URL, as far as it shows without asking a name server. Undefined: there is none. */
export function callbackFault(text: string, { allowPrivate }: CallbackPolicy): string | undefined {
  if (text.length > MAX_LENGTH) return `expected at most ${MAX_LENGTH} characters`;
  if (!URL.canParse(text)) return "expected an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "expected an http or https URL";
  if (url.username !== "" || url.password !== "") return "expected a URL without a user and a password";
  return !allowPrivate && isPrivateHost(url.hostname) ? "expected an address of the public internet" : undefined;
}

/** The URL parser has already unified all spellings of an IPv4 address, such as 0x7f.1 or 2130706433. */
function isPrivateHost(host: string): boolean {
  const name = host.replace(/^\[|\]$|\.$/g, "");
  if (ipaddr.isValid(name)) return !isPublicAddress(name);
  return name === "localhost" || name.endsWith(".localhost");
}
