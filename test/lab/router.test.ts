import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Route } from "../../lab/server/http/router";
import { type Client, makePlayground, openLab } from "./playground";

const play = makePlayground();
let lab: Client;

beforeAll(async () => {
  lab = await openLab(play);
});

afterAll(async () => {
  await lab.lab.close();
  play.remove();
});

/** Longer addresses tell no more: the longest route has fewer segments that are named. */
const mostSegments = 8;
const anySegment = "{}";

/** The addresses that fit a route, as lists of segments, of which `{}` is any. */
function fitting(address: string): string[][] {
  let lists: string[][] = [[]];
  for (const segment of address.split("/").slice(1)) {
    const [, sign] = /^\{\w+([+*]?)\}$/.exec(segment) ?? [];
    const least = sign === "*" ? 0 : 1;
    const most = sign ? mostSegments : 1;
    const tails = Array.from({ length: most - least + 1 }, (_, more) =>
      Array(least + more).fill(sign === undefined ? segment : anySegment),
    );
    lists = lists.flatMap((list) => tails.map((tail) => [...list, ...tail]));
  }
  return lists.filter(({ length }) => length <= mostSegments);
}

const isBoth = (one: string[], other: string[]) =>
  one.length === other.length &&
  one.every((name, at) => [name, anySegment].includes(other[at]!) || name === anySegment);

/** The pairs of lines with an address that fits both; the first wins. */
function overlaps(routes: readonly Route[]): string[] {
  const lines = routes.map(([method, address]) => ({ method, address, fits: fitting(address) }));
  return lines.flatMap(({ method, address, fits }, at) =>
    lines
      .slice(at + 1)
      .filter(
        (later) => later.method === method && fits.some((one) => later.fits.some((two) => isBoth(one, two))),
      )
      .map((later) => `${method} ${address} before ${later.address}`),
  );
}

describe("the route table", () => {
  it("has no two lines for an address, but where the narrower comes first", () => {
    expect(overlaps(lab.lab.routes)).toEqual([
      "GET /api/contents/{path+}/checkpoints before /api/contents/{path*}",
      // No checkpoint is called `checkpoints`.
      "POST /api/contents/{path+}/checkpoints before /api/contents/{path+}/checkpoints/{id}",
      "POST /api/contents/{path+}/checkpoints before /api/contents/{path*}",
      "POST /api/contents/{path+}/checkpoints/{id} before /api/contents/{path*}",
      "DELETE /api/contents/{path+}/checkpoints/{id} before /api/contents/{path+}",
    ]);
  });

  it("says each line once", () => {
    const lines = lab.lab.routes.map(([method, address]) => `${method} ${address}`);
    expect(lines.filter((line, at) => lines.indexOf(line) !== at)).toEqual([]);
  });

  it.each([
    ["an overlap at the end", "/a/{x+}", "/a/b/{y}", true],
    ["an overlap in the middle", "/a/{x+}/c", "/a/b/{y}", true],
    ["none of different lengths", "/a/{x}", "/a/b/c", false],
    ["none of different names", "/a/{x}/c", "/a/b/d", false],
    ["one with nothing", "/a/{x*}", "/a", true],
  ])("is read well: %s", (_, one, other, isFound) => {
    const nothing = () => ({});
    expect(
      overlaps([
        ["GET", one, "", nothing],
        ["GET", other, "", nothing],
      ]),
    ).toHaveLength(isFound ? 1 : 0);
  });
});
