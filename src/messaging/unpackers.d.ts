declare module "snappyjs" {
  /** Unpacks raw snappy. Throws if the bytes are no snappy, or unpack to more than `maxLength`. */
  export function uncompress(bytes: Uint8Array, maxLength?: number): Uint8Array;
}

declare module "lz4js" {
  /** The most bytes that a frame unpacks to. Throws if the bytes are no frame. */
  export function decompressBound(frame: Uint8Array): number;
  /** Unpacks one LZ4 frame. Throws if the bytes are none. */
  export function decompress(frame: Uint8Array): Uint8Array;
}
