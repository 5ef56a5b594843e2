import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { createOrder } from "../../src/edge/in-order.http.ts";

it("a request that waited begins in its own context, after the listeners of the one before", () => {
  const context = new AsyncLocalStorage<string>();
  const inOrder = createOrder(() => {});
  const socket = { writable: true } as Socket;
  const [first, second] = [new EventEmitter(), new EventEmitter()] as unknown as ServerResponse[];
  const seen: unknown[] = [];
  context.run("first", () =>
    inOrder(socket, first as ServerResponse, () => {
      seen.push(context.getStore());
      first?.once("close", () => seen.push("the first is over"));
    }),
  );
  inOrder(socket, second as ServerResponse, () => seen.push(context.getStore()));
  context.run("first", () => first?.emit("close"));
  expect(seen).toEqual(["first", "the first is over", undefined]);
});
