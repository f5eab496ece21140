import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decode, encode, newHeader } from "../../notebook-tools/kernel-client";
import { sign, verify } from "../../notebook-tools/kernel-client/wire";

const frames = encode({
  header: newHeader("execute_request", "session"),
  parent_header: {},
  metadata: {},
  content: { code: "1 + 1" },
  buffers: [Buffer.from([1, 2])],
});
const onTheWire = (key: string) => sign(key, frames).map((frame) => Buffer.from(frame));

describe("a message on the wire", () => {
  it("comes back as it went, with its buffers", () => {
    const verified = verify("key", [Buffer.from("identity"), ...onTheWire("key")]);
    expect(verified?.map(String)).toEqual(frames.map((frame) => String(Buffer.from(frame))));
    const message = decode("shell", verified!);
    expect(message.content).toEqual({ code: "1 + 1" });
    expect([...message.buffers[0]!]).toEqual([1, 2]);
  });

  it("is signed with the HMAC of its four JSON parts, not of its buffers", () => {
    const hmac = createHmac("sha256", "key");
    for (const frame of frames.slice(0, 4)) hmac.update(frame);
    expect(String(onTheWire("key")[1])).toBe(hmac.digest("hex"));
  });

  it("has an empty signature when there is no key", () => {
    expect(String(onTheWire("")[1])).toBe("");
    expect(verify("", onTheWire(""))).not.toBeNull();
  });

  it("is dropped when it was signed with another key, was changed, or is no message", () => {
    expect(verify("other", onTheWire("key"))).toBeNull();
    const changed = onTheWire("key");
    changed[5] = Buffer.from('{"code":"2"}');
    expect(verify("key", changed)).toBeNull();
    expect(verify("key", [Buffer.from("nonsense")])).toBeNull();
  });
});
