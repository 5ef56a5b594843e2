/** Whether only this machine reaches an address that the service listens on. */
export const isLoopback = (host: string): boolean => /^(127(\.\d+){3}|\[?::1\]?|localhost)$/i.test(host);
