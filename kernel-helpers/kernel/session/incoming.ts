/** What arrives from outside at a server of a cell: a connection, a stream of HTTP/2. */

import { subscribe } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { Output } from "./output";

/**
 * Node makes their handles while no code of a cell runs, so that their events would belong to none. They belong to
 * the cell of the server, unless code that knows its own cell emits them.
 */
export function keepCellOfIncoming(output: Output) {
  const keep = (emitter: EventEmitter) => {
    const { cell } = output;
    const { emit } = emitter;
    emitter.emit = (...args) => output.inCell(cell, () => emit.apply(emitter, args));
  };
  subscribe("net.server.socket", (message) => keep((message as { socket: EventEmitter }).socket));
  subscribe("http2.server.stream.created", (message) => keep((message as { stream: EventEmitter }).stream));
}
