import { ReadableStream } from "node:stream/web";

/** A body in pages. One is asked for when the one before is on its way; who goes away ends it. */
export function streamOf(pages: AsyncGenerator<string> | Generator<string>): globalThis.ReadableStream {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pages.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: async () => void (await pages.return(undefined)),
    },
    { highWaterMark: 0 },
  ) as globalThis.ReadableStream;
}
