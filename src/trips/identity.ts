/** How rows without a trip id are told apart: by their content, or each row as another trip. */
export const IDENTITIES = ["content", "row"] as const;
export type Identity = (typeof IDENTITIES)[number];
