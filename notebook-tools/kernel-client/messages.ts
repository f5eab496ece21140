/** The Jupyter messages that a client sends and receives. Source: "Messaging in Jupyter", jupyter-client's documentation. */

/** The three channels a client talks on and the one it listens to. */
export type Channel = "shell" | "control" | "stdin" | "iopub";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  /** ISO 8601. */
  date: string;
  version: string;
}

export interface Message {
  channel: Channel;
  header: Header;
  /** The header of the request that caused this message; empty for one that nothing caused. */
  parent_header: Partial<Header>;
  metadata: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on msg_type, and kernels take liberties.
  content: Record<string, any>;
  /** Binary attachments, as widgets use them. */
  buffers: Uint8Array[];
}

/**
 * A message as it travels, without identities and signature:
 * header, parent header, metadata and content as JSON bytes, then buffers.
 */
export type Frames = readonly Uint8Array[];

/** What a kernel says of itself: the content of its `kernel_info_reply`. */
export interface KernelInfo {
  protocol_version?: string;
  implementation?: string;
  implementation_version?: string;
  banner?: string;
  language_info?: { name?: string; version?: string; mimetype?: string; file_extension?: string };
  [key: string]: unknown;
}

/** How one `execute_request` ended. */
export interface ExecuteOutcome {
  /** The id of the request, which later messages name as their parent. */
  msgId: string;
  /** `ok`, `error`, `aborted` …, as the kernel replied; null where no reply came. */
  status: string | null;
  /** The reply's content; empty where none came. */
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on the kernel.
  reply: Record<string, any>;
  /** Whether `idle` was seen. Without it, output may be missing. */
  idle: boolean;
  /** Whether the code asked for input that nobody could give. */
  askedForInput: boolean;
}

export interface KernelExit {
  code: number | null;
  signal: string | null;
  /** In words: "exit code 3", "killed by SIGKILL". */
  reason: string;
  /** The end of what the process wrote to its own stdout and stderr, outside the protocol. */
  output: string;
}
