declare module "fs-native-extensions" {
  /** Takes an exclusive lock on an open file; false if another process holds it. It goes when the file is closed. */
  export function tryLock(fd: number): boolean;
}
