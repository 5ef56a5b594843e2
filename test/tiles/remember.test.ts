import { expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { runFor } from "../../src/kit/caller.ts";
import { askedAtMostEach, SharedAnswers } from "../../src/tiles/remember.ts";

/** Questions whose answers are given by the test. */
function questions() {
  const asked: { give: (value: string) => void; fail: (error: Error) => void }[] = [];
  const ask = () =>
    new Promise<string>((give, fail) => {
      asked.push({ give, fail });
    });
  return { asked, ask };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it("when the asking client hangs up, one of the waiting clients asks again, and the others wait for its answer", async () => {
  const { asked, ask } = questions();
  const answers = new SharedAnswers<string>(4);
  const leave = new AbortController();
  const first = runFor({ signal: leave.signal, client: "a", kind: "tile" }, () => answers.get("key", ask));
  const others = Array.from({ length: 5 }, () => answers.get("key", ask));
  expect(asked).toHaveLength(1);
  leave.abort();
  asked[0]?.fail(new AppError("query_timeout", "it was cancelled"));
  await expect(first).rejects.toThrow("cancelled");
  await settle();
  expect(asked).toHaveLength(2);
  asked[1]?.give("answer");
  expect(await Promise.all(others)).toEqual(Array(5).fill("answer"));
  expect(await answers.get("key", ask)).toBe("answer");
  expect(asked).toHaveLength(2);
});

it("a question that fails for all fails once, and is asked again later", async () => {
  const { asked, ask } = questions();
  const answers = new SharedAnswers<string>(4);
  const all = Array.from({ length: 5 }, () => answers.get("key", ask));
  asked[0]?.fail(new AppError("not_found", "no such source"));
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
  expect(asked).toHaveLength(1);
  const later = answers.get("key", ask);
  asked[1]?.give("answer");
  expect(await later).toBe("answer");
});

it("a question is asked once until the clock advances", async () => {
  let now = 10_000;
  let times = 0;
  const read = askedAtMostEach(
    1000,
    async () => ++times,
    () => now,
  );
  expect([await read(), await read()]).toEqual([1, 1]);
  now += 999;
  expect(await read()).toBe(1);
  now += 1;
  expect([await read(), await read()]).toEqual([2, 2]);
});
