/** Starts tslab's kernel: `node launcher.js CONNECTION_FILE`. */

import * as jupyter from "tslab/dist/jupyter";
import { startKernel } from "tslab/dist/main";
import { Publisher } from "zeromq";

/** zeromq.js takes no second send while one waits: sends queue up behind each other. */
function queueSends() {
  const send = Publisher.prototype.send;
  let last: Promise<unknown> = Promise.resolve();
  Object.defineProperty(Publisher.prototype, "send", {
    value(this: Publisher, message: Parameters<Publisher["send"]>[0]) {
      const sent = last.then(() => send.call(this, message));
      last = sent.catch(() => undefined);
      return sent;
    },
  });
}

interface Bundle {
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  displayId?: string;
  update?: boolean;
}

const publish = {
  display({ data, metadata = {}, displayId, update = false }: Bundle) {
    const transient = displayId === undefined ? {} : { display_id: displayId };
    jupyter.lastWriteDisplayData?.({ data, metadata, transient } as never, update);
  },
  clearOutput() {},
};

queueSends();
Object.assign(globalThis, { [Symbol.for("kernel-helpers.publish")]: publish });
startKernel({ configPath: process.argv[2] ?? "", enableFindLocal: false });
