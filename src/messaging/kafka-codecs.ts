import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Decompress } from "fzstd";
import kafkajs from "kafkajs";
import { decompressBound, decompress as unpackLz4 } from "lz4js";
import { uncompress as unpackSnappy } from "snappyjs";

/** Java's producers put raw snappy into numbered blocks after this header of 16 bytes. */
const JAVA_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/**
 * The unpacked size of a batch, at most. A batch of a megabyte can be made that unpacks to gigabytes and ends the
 * process; so it only stops its topic, which says why.
 */
const MAX_UNPACKED = 128 * 1024 * 1024;

/** Teaches kafkajs to read compressed batches within a bound. It knows gzip only; what Tripgrid sends is not compressed. */
export function addCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const reading = (unpack: (packed: Buffer) => Uint8Array | Promise<Uint8Array>) => () => ({
    compress: () => Promise.reject(new Error("Tripgrid sends no compressed messages")),
    // Within a promise, so that bytes that cannot be unpacked reject it.
    decompress: async (packed: Buffer) => Buffer.from(await unpack(packed)),
  });
  CompressionCodecs[CompressionTypes.GZIP] = reading((packed) =>
    promisify(gunzip)(packed, { maxOutputLength: MAX_UNPACKED }),
  );
  CompressionCodecs[CompressionTypes.Snappy] = reading(unpackAnySnappy);
  CompressionCodecs[CompressionTypes.LZ4] = reading((packed) => {
    checkSize(decompressBound(packed));
    return unpackLz4(packed);
  });
  CompressionCodecs[CompressionTypes.ZSTD] = reading(unpackZstd);
}

function checkSize(bytes: number): void {
  if (bytes > MAX_UNPACKED) throw new Error(`a compressed batch unpacks to more than ${MAX_UNPACKED} bytes`);
}

function unpackAnySnappy(packed: Buffer): Uint8Array {
  if (!packed.subarray(0, JAVA_HEADER.length).equals(JAVA_HEADER)) return unpackSnappy(packed, MAX_UNPACKED);
  return joined((add) => {
    for (let at = 16; at < packed.length; ) {
      const size = packed.readUInt32BE(at);
      add(unpackSnappy(packed.subarray(at + 4, at + 4 + size), MAX_UNPACKED));
      at += 4 + size;
    }
  });
}

const unpackZstd = (packed: Buffer): Uint8Array =>
  joined((add) => {
    new Decompress(add).push(packed, true);
  });

/** The parts that a function adds, as one, if they are not too many. */
function joined(unpack: (add: (part: Uint8Array) => void) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  unpack((part) => {
    bytes += part.length;
    checkSize(bytes);
    parts.push(part);
  });
  return Buffer.concat(parts);
}
