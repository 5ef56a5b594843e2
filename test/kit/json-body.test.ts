import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { FaultsError } from "../../src/kit/faults.ts";
import { parseJsonBody } from "../../src/kit/json-body.http.ts";

const inSlices = (text: string | Buffer) => parseJsonBody(Buffer.from(text), 1e6, 0);

async function outcome(parse: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await parse());
  } catch {
    return "refused";
  }
}

describe("a large body", () => {
  it("is parsed as JSON.parse parses it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (text) => {
        expect(await inSlices(`[1,${text}]`)).toEqual([1, JSON.parse(text)]);
      }),
    );
  });

  it.each([
    ...['{"__proto__":{"a":1}}', '{"a":1,"a":2}', '{"a":1,}', "[1 2]", '{"a" 1}', "01", "1.", "-", '"\\ud800"'],
    ...[
      '"\u0001"',
      "1e999",
      "-0",
      "1E+2",
      "[1,]",
      "tru",
      '"a',
      "{1:2}",
      "]",
      "//",
      "'a'",
      "NaN",
      '"é語\u{1F600}"',
      "[[]",
    ],
  ])("is accepted or refused as JSON.parse does it: %j", async (text) => {
    const body = `[1,${text}]`;
    expect(await outcome(() => inSlices(body))).toBe(await outcome(() => JSON.parse(body)));
  });

  it.each([
    ["[1,\n0,\n x]", 3],
    ["[1,\n0]\n x", 3],
    ["[1,\n{2:3}]", 2],
    ["[1,\n[2,3\n", 3],
  ])("is refused with the line of its first fault: %j", async (text, line) => {
    const error = await inSlices(text).catch((one: AppError) => one);
    expect(error).toBeInstanceOf(AppError);
    expect([(error as AppError).code, (error as AppError).extra.line]).toEqual(["invalid_json", line]);
  });

  it.each([
    [`"${"a".repeat(100_000)}",`, 1, 100_003],
    [`${" ".repeat(100_000)}1,`, 1, 100_002],
    [`["é",\n${"[1,2],".repeat(20_000)}x]`, 2, 120_001],
    ["\n".repeat(100_000), 100_001, 1],
    [`${"\n".repeat(70_000)}{"a" "bcdefghij"}`, 70_001, 6],
    [`${"\n".repeat(70_000)}{"a":1 "${"b".repeat(20)}":2}`, 70_001, 8],
    [`${"\n".repeat(70_000)}[1 2]`, 70_001, 4],
    [`${"\n".repeat(70_000)}{1:2}`, 70_001, 2],
  ])(
    "is refused with line and column of its first fault, without a search in one go (%#)",
    async (text, line, column) => {
      await expect(parseJsonBody(Buffer.from(text), 1e6)).rejects.toMatchObject({ extra: { line, column } });
    },
  );

  it("is refused if it is not UTF-8", async () => {
    await expect(inSlices(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).rejects.toMatchObject({
      code: "invalid_encoding",
    });
  });

  it("lets the event loop turn while it is parsed", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await parseJsonBody(Buffer.from(`[${"[1,2],".repeat(200_000)}0]`), 1e6);
    const ofNumbers = turns;
    const members = Array.from({ length: 20_000 }, (_, i) => `"${"k".repeat(50)}${i}":${i}`);
    await parseJsonBody(Buffer.from(`{${members.join(",")}}`), 1e6);
    clearInterval(timer);
    expect(ofNumbers).toBeGreaterThan(3);
    expect(turns - ofNumbers).toBeGreaterThan(1);
  });
});

it("refuses a body of more values than any area needs, unparsed", async () => {
  const body = Buffer.from("[".repeat(1001));
  await expect(parseJsonBody(body, 1000)).rejects.toBeInstanceOf(FaultsError);
  await expect(parseJsonBody(body, 1001)).rejects.toMatchObject({ code: "invalid_json" });
});
