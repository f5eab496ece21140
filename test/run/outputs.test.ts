import { describe, expect, it } from "vitest";
import type { Message } from "../../notebook-tools/kernel-client";
import { NotebookOutputs } from "../../notebook-tools/run/outputs";

const message = (msg_type: string, content: Message["content"]): Message => ({
  channel: "iopub",
  header: { msg_id: "", msg_type, session: "", username: "", date: "", version: "" },
  parent_header: {},
  metadata: {},
  content,
  buffers: [],
});
const stream = (text: string, name = "stdout") => message("stream", { name, text });
const display = (text: string, display_id?: string) =>
  message("display_data", { data: { "text/plain": text }, metadata: {}, transient: { display_id } });

function outputsOf(...messages: Message[]) {
  const outputs = new NotebookOutputs();
  outputs.start(0);
  for (const one of messages) outputs.apply(0, one);
  return outputs.of(0);
}

describe("outputs, as a front end applies them", () => {
  it("join neighbouring pieces of one stream", () => {
    const texts = outputsOf(stream("a"), stream("b"), stream("c", "stderr"), stream("d"));
    expect(
      texts.map((output) => [(output as { name: string }).name, (output as { text: string }).text]),
    ).toEqual([
      ["stdout", "ab"],
      ["stderr", "c"],
      ["stdout", "d"],
    ]);
  });

  it("hold results and errors, and nothing of what only a front end needs", () => {
    const [result, error] = outputsOf(
      message("execute_result", {
        data: { "text/plain": "1" },
        metadata: {},
        execution_count: 4,
        transient: {},
      }),
      message("error", { ename: "E", evalue: "v", traceback: ["t"] }),
    );
    expect(result).toEqual({
      output_type: "execute_result",
      data: { "text/plain": "1" },
      metadata: {},
      execution_count: 4,
    });
    expect(error).toEqual({ output_type: "error", ename: "E", evalue: "v", traceback: ["t"] });
  });

  it("are cleared at once, or with `wait` when the next one comes", () => {
    expect(outputsOf(stream("a"), message("clear_output", { wait: false }))).toEqual([]);
    expect(outputsOf(stream("a"), message("clear_output", { wait: true }))).toHaveLength(1);
    expect(outputsOf(stream("a"), message("clear_output", { wait: true }), stream("b"))).toMatchObject([
      { text: "b" },
    ]);
  });

  it("change where a display is updated, also in an earlier cell and in every place it is shown", () => {
    const outputs = new NotebookOutputs();
    outputs.start(0);
    outputs.start(1);
    outputs.apply(0, display("old", "d"));
    outputs.apply(1, display("old", "d"));
    outputs.apply(
      1,
      message("update_display_data", {
        data: { "text/plain": "new" },
        metadata: {},
        transient: { display_id: "d" },
      }),
    );
    expect(outputs.of(0)).toMatchObject([{ data: { "text/plain": "new" } }]);
    expect(outputs.of(1)).toMatchObject([{ data: { "text/plain": "new" } }]);
  });

  it("of an Output widget of ipywidgets are not the cell's: neither texts, nor errors, nor clear_output", () => {
    const outputs = new NotebookOutputs();
    outputs.start(0);
    const from = (one: Message): Message => ({ ...one, parent_header: { msg_id: "request" } });
    const comm = (msg_type: string, data: object) => from(message(msg_type, { comm_id: "c", data }));
    const apply = (one: Message) => outputs.apply(0, from(one));
    expect(apply(stream("before"))).toBe(true);
    outputs.apply(0, comm("comm_open", { state: { _model_name: "OutputModel", msg_id: "" } }));
    outputs.apply(0, comm("comm_msg", { method: "update", state: { msg_id: "request" } }));
    const error = message("error", { ename: "E", evalue: "v", traceback: [] });
    for (const one of [stream("within"), error, message("clear_output", { wait: false })])
      expect(apply(one)).toBe(false);
    outputs.apply(0, comm("comm_msg", { method: "update", state: { msg_id: "" } }));
    expect(apply(stream("after"))).toBe(true);
    expect(outputs.of(0)).toMatchObject([{ text: "beforeafter" }]);
    expect([...outputs.inWidgets]).toEqual([0]);
  });
});
