import { describe, expect, it } from "vitest";
import { packJson, packV1, unpackJson, unpackV1 } from "../../lab/server/kernels/framing";

const frames = ['{"msg_type":"status"}', "{}", "{}", '{"text":"ж"}', "buffer"].map((text) =>
  Buffer.from(text),
);

describe("v1.kernel.websocket.jupyter.org", () => {
  it("lays out count, offsets, channel and frames as the protocol's description says", () => {
    const bytes = packV1({ channel: "iopub", frames });
    const offsets = Array.from({ length: 8 }, (_, index) => Number(bytes.readBigUInt64LE(8 * index)));
    expect(offsets).toEqual([7, 64, 69, 90, 92, 94, 107, 113]);
    expect(bytes.subarray(64).toString("utf8")).toBe(`iopub${frames.join("")}`);
  });

  it("gives back what was packed, buffers included", () => {
    const { channel, frames: back } = unpackV1(packV1({ channel: "shell", frames }));
    expect(channel).toBe("shell");
    expect(back.map(String)).toEqual(frames.map(String));
  });

  it.each([
    ["too short", Buffer.alloc(4)],
    ["no offsets", Buffer.alloc(64)],
    ["a count beyond the message", Buffer.alloc(64, 0xff)],
    ["offsets beyond the message", packV1({ channel: "shell", frames }).subarray(0, 100)],
  ])("refuses bytes with %s", (_, bytes) => {
    expect(() => unpackV1(bytes)).toThrow(RangeError);
  });
});

describe("the older JSON text", () => {
  it("carries a message both ways", () => {
    const text = String(packJson({ channel: "iopub", frames: frames.slice(0, 4) }));
    expect(JSON.parse(text)).toMatchObject({ channel: "iopub", content: { text: "ж" }, buffers: [] });
    expect(unpackJson(text).frames.map(String)).toEqual(frames.slice(0, 4).map(String));
  });
});
