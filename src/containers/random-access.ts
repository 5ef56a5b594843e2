import { type FileHandle, open } from "node:fs/promises";

/** Bytes that can be read from any place, such as those of a file. */
export interface RandomAccess {
  size: number;
  /** Reads bytes from `start` on. Fewer come only at the end. */
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** A file for reading at any place. The caller closes it. */
export async function openFile(path: string): Promise<RandomAccess> {
  const handle: FileHandle = await open(path);
  const { size } = await handle.stat();
  return {
    size,
    read: async (start, length) => {
      const wanted = Math.max(0, Math.min(length, size - start));
      const bytes = Buffer.allocUnsafe(wanted);
      let done = 0;
      while (done < wanted) {
        const { bytesRead } = await handle.read(bytes, done, wanted - done, start + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close: () => handle.close(),
  };
}

/** Bytes that are held whole. */
export const fromBuffer = (bytes: Buffer): RandomAccess => ({
  size: bytes.length,
  read: async (start, length) => bytes.subarray(start, start + length),
  close: async () => {},
});
