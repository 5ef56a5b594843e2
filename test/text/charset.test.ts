import { describe, expect, it } from "vitest";
import { charsetNamed, charsetOf, charsetOfType, createCharsetLook, toUtf8 } from "../../src/text/charset.ts";
import { firstBadByte, shownBytes } from "../../src/text/utf8.ts";
import { textOf } from "../containers/write-containers.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the charset of a text", () => {
  it.each<[string, Buffer, string]>([
    ["ASCII", Buffer.from("a,b\n1,2\n"), "utf-8"],
    ["UTF-8", Buffer.from("Köln,東京\n"), "utf-8"],
    ["UTF-8 with a mark", Buffer.from("\uFEFFa\n"), "utf-8"],
    ["UTF-16 with a mark", Buffer.from("\uFEFFa,b\n", "utf16le"), "utf-16le"],
    ["UTF-16, the other way round", Buffer.from("\uFEFFa,b\n", "utf16le").swap16(), "utf-16be"],
    ["UTF-16 without a mark", Buffer.from("a,b,é\n1,2,3\n", "utf16le"), "utf-16le"],
    ["Latin-1", latin1("region\nMontréal\n"), "windows-1252"],
    ["one letter of Latin-1 among many rows", latin1(`${"a,b\n".repeat(50_000)}é\n`), "windows-1252"],
    ["UTF-8 with a bad byte", Buffer.concat([Buffer.from("ʷ Köln "), Buffer.from([0xc6, 0xff])]), "utf-8"],
    ["a byte that no Western text has", Buffer.from([0x61, 0xff, 0x62]), "utf-8"],
    ["many letters of UTF-8 and one of Latin-1", Buffer.concat([Buffer.from("éé"), latin1("é\n")]), "utf-8"],
  ])("%s", async (_, bytes, charset) => {
    expect(charsetOf(bytes, undefined)).toBe(charset);
    // Whatever pieces it comes in.
    const look = createCharsetLook(undefined);
    for (const byte of bytes.subarray(0, 1000)) look.add(Buffer.of(byte));
    look.add(bytes.subarray(1000));
    expect(look.end()).toBe(charset);
  });

  it("is the declared one, but for a byte order mark", () => {
    expect(charsetOf(latin1("é"), "iso-8859-2")).toBe("iso-8859-2");
    expect(charsetOf(Buffer.from("\uFEFFa", "utf16le"), "windows-1252")).toBe("utf-16le");
  });

  it("can be named in many ways", () => {
    expect(charsetNamed("latin1")).toBe("windows-1252");
    expect(charsetNamed(" UTF-16 ")).toBe("utf-16le");
    expect(charsetNamed("")).toBeUndefined();
    expect(() => charsetNamed("martian")).toThrow(expect.objectContaining({ code: "invalid_parameter" }));
    expect(charsetOfType('text/csv; header=present; charset="windows-1251"')).toBe("windows-1251");
    expect(charsetOfType("text/csv")).toBeUndefined();
  });
});

describe("a text in UTF-8", () => {
  async function* inPieces(bytes: Buffer, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it.each([1, 3, 100])("is made of pieces of %d bytes", async (size) => {
    expect(await textOf(toUtf8(inPieces(Buffer.from("\uFEFFKöln 😀", "utf16le"), size), "utf-16le"))).toBe("Köln 😀");
    const western = Buffer.concat([latin1("Montréal "), Buffer.from([0x80, 0x93, 0x9f])]);
    expect(await textOf(toUtf8(inPieces(western, size), "windows-1252"))).toBe("Montréal €“Ÿ");
  });

  it.each<[number[], number, string]>([
    [[0x61, 0xc6, 0xff, 0x62], 1, "0xc6 0xff"],
    [[0x61, 0xe9, 0x62], 1, "0xe9"],
    [[0xc3, 0xa9, 0x80], 2, "0x80"],
    [[0xf0, 0x9f, 0x98], 0, "0xf0 0x9f 0x98"],
    [[0xed, 0xa0, 0x80], 0, "0xed 0xa0 0x80"],
    [[0xc3, 0xa9], -1, ""],
  ])("names the first bad bytes of %j", (bytes, at, shown) => {
    expect(firstBadByte(Buffer.from(bytes))).toBe(at);
    if (at >= 0) expect(shownBytes(Buffer.from(bytes), at)).toBe(shown);
  });
});
