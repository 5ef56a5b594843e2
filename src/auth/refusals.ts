import { AppError } from "../errors.ts";

/** No credential was sent. */
export const noCredential = () =>
  new AppError("unauthorized", "Send an API key or a token, as the header Authorization: Bearer …");

/** @param why what is wrong with the credential, without the credential itself */
export const invalidToken = (why: string) => new AppError("unauthorized", `The credential is not accepted: ${why}.`);

/** One sentence for keys that never were, were revoked or have expired: a finder of a key learns nothing. */
export const unknownKey = () => invalidToken("it is no key that is valid now");
