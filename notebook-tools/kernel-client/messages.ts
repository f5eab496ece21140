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
