import { decompress as unpackZstd } from "fzstd";
import kafkajs from "kafkajs";
import { decompress as unpackLz4 } from "lz4js";
import { uncompress as unpackSnappy } from "snappyjs";

/** Java's producers put raw snappy into numbered blocks after this header of 16 bytes. */
const JAVA_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Teaches kafkajs to read the compressions that it does not know. gzip it knows; what Tripgrid sends is not compressed. */
export function addCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const reading = (unpack: (packed: Buffer) => Uint8Array) => () => ({
    compress: () => Promise.reject(new Error("Tripgrid sends no compressed messages")),
    // Within a promise, so that bytes that cannot be unpacked reject it.
    decompress: async (packed: Buffer) => Buffer.from(unpack(packed)),
  });
  CompressionCodecs[CompressionTypes.Snappy] = reading(unpackAnySnappy);
  CompressionCodecs[CompressionTypes.LZ4] = reading((packed) => unpackLz4(packed));
  CompressionCodecs[CompressionTypes.ZSTD] = reading((packed) => unpackZstd(packed));
}

function unpackAnySnappy(packed: Buffer): Uint8Array {
  if (!packed.subarray(0, JAVA_HEADER.length).equals(JAVA_HEADER)) return unpackSnappy(packed);
  const blocks: Uint8Array[] = [];
  for (let at = 16; at < packed.length; ) {
    const size = packed.readUInt32BE(at);
    blocks.push(unpackSnappy(packed.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}
