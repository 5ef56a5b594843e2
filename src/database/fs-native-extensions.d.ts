declare module "fs-native-extensions" {
  /** Takes an exclusive lock on an open file. False: another process holds it. Closing the file releases the lock. */
  export function tryLock(fd: number): boolean;
}
