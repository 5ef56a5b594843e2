declare module "snappyjs" {
  /** Unpacks raw snappy. Throws if the bytes are no snappy. */
  export function uncompress(bytes: Uint8Array): Uint8Array;
}

declare module "lz4js" {
  /** Unpacks one LZ4 frame. Throws if the bytes are none. */
  export function decompress(frame: Uint8Array): Uint8Array;
}
