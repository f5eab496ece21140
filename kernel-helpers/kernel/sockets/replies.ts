/** Replies that need neither a cell nor the compiler. */

import type { Connection } from "./channels";
import type { Comms } from "./comms";
import type { History } from "./history";
import { kernelInfo } from "./kernel-info";
import type { Message } from "./wire";

type Content = Message["content"];

function connectReply({ shell_port, iopub_port, stdin_port, control_port, hb_port }: Connection): object {
  return { status: "ok", ...{ shell_port, iopub_port, stdin_port, control_port, hb_port } };
}

const noSubshells = {
  status: "error",
  ename: "NotImplementedError",
  evalue: "this kernel has no subshells: completion and inspection are answered while a cell runs",
  traceback: [],
};

/** How to answer, by type of request. */
export function createReplies(connection: Connection, history: History, comms: Comms) {
  const replies: Record<string, (content: Content) => object> = {
    kernel_info_request: kernelInfo,
    comm_info_request: (content) => comms.info(content),
    history_request: (content) => history.answer(content),
    connect_request: () => connectReply(connection),
    interrupt_request: () => ({ status: "ok" }),
    shutdown_request: ({ restart = false }) => ({ status: "ok", restart }),
    create_subshell_request: () => noSubshells,
    delete_subshell_request: () => noSubshells,
    list_subshell_request: () => ({ status: "ok", subshell_id: [] }),
  };
  return replies;
}
