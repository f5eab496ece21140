/**
 * Waits until nothing is left in a kernel that may still fail. Kernels that list "pending work" among their
 * `supported_features` tell what is left when they are asked with a `pending_work_request`; its content and its reply
 * are described in kernel-helpers/kernel/session/pending-work. With any other kernel only time can pass.
 */
import { KernelTimeoutError } from "../kernel-client/browser";
import { type SessionKernel, sleep } from "./session-kernel";

/** What a kernel says that it has left. */
interface Work {
  kind: string;
  due_ms?: number;
}

interface Reply {
  pending: Work[];
  open: Work[];
  exit_code: number;
}

export interface Rest {
  /** What the kernel's process would end with. */
  exitCode: number;
  /** What is left: what only stays open, and what was not waited for. A sentence each. */
  notes: string[];
}

export interface WaitOptions {
  /** The most time to wait; default 5,000 ms for a kernel that tells what is left, else 100 ms. */
  settleMs: number | undefined;
  /** Whether the kernel's work is at its end, so that what has waited for the end may report. */
  finish: boolean;
  /** Whether there is no use in waiting on. */
  isDone?: () => boolean;
}

const defaultTellingMs = 5000;
const defaultSilentMs = 100;
/** How often a kernel is asked, in ms, if no timer tells when something will happen. */
const askEveryMs = 40;
/** What has waited for the end may take a moment to go on; quiet is what lasts this long, in ms. */
const quietMs = 15;

const nothing: Rest = { exitCode: 0, notes: [] };

const tells = ({ info }: SessionKernel): boolean =>
  Array.isArray(info.supported_features) && info.supported_features.includes("pending work");

/** Has the kernel keep account of what its cells leave behind; before the first of them. */
export function followPendingWork(kernel: SessionKernel): void {
  if (tells(kernel)) ask(kernel, false, defaultTellingMs).catch(() => {});
}

async function ask(kernel: SessionKernel, finish: boolean, timeoutMs: number): Promise<Reply> {
  const options = { timeoutMs, untilIdle: true };
  const { pending, open, exit_code } = await kernel.request("pending_work_request", { finish }, options);
  const list = (value: unknown) => (Array.isArray(value) ? (value as Work[]) : []);
  return { pending: list(pending), open: list(open), exit_code: Number(exit_code ?? 0) };
}

/** Throws `KernelDiedError`. */
export async function untilQuiet(kernel: SessionKernel, options: WaitOptions): Promise<Rest> {
  if (tells(kernel)) return untilNothingPends(kernel, options);
  const until = Date.now() + (options.settleMs ?? defaultSilentMs);
  while (Date.now() < until && !options.isDone?.()) await sleep(Math.min(10, until - Date.now()));
  return nothing;
}

async function untilNothingPends(
  kernel: SessionKernel,
  { settleMs, finish, isDone }: WaitOptions,
): Promise<Rest> {
  const most = settleMs ?? defaultTellingMs;
  const until = Date.now() + most;
  for (let quiet = 0; ; ) {
    const left = Math.max(0, until - Date.now());
    let reply: Reply;
    try {
      reply = await ask(kernel, finish, left + 1000);
    } catch (error) {
      if (!(error instanceof KernelTimeoutError)) throw error;
      return { exitCode: 0, notes: [`It still computed ${most / 1000} s after its last cell.`] };
    }
    const soon = reply.pending.filter(({ due_ms = 0 }) => due_ms <= left);
    quiet = soon.length === 0 ? quiet + 1 : 0;
    if (quiet > 1 || left === 0 || isDone?.()) return restOf(reply, most);
    const dues = soon.map(({ due_ms = askEveryMs }) => due_ms + 1);
    await sleep(quiet > 0 ? quietMs : Math.min(left, askEveryMs, ...dues));
  }
}

function restOf({ pending, open, exit_code }: Reply, most: number): Rest {
  const opened = open.length > 0 ? [`Left open at its end: ${listed(open)}.`] : [];
  const unended =
    pending.length > 0
      ? [`Not waited for at its end: ${listed(pending)}; --settle gives more than ${most} ms.`]
      : [];
  return { exitCode: exit_code, notes: [...opened, ...unended] };
}

/** "2 servers, 1 timer (due in 60 s)". */
function listed(work: readonly Work[]): string {
  const kinds = [...new Set(work.map(({ kind }) => kind))];
  return kinds.map((kind) => counted(kind, work)).join(", ");
}

function counted(kind: string, work: readonly Work[]): string {
  const all = work.filter((one) => one.kind === kind);
  const due = Math.min(...all.map(({ due_ms }) => due_ms ?? Number.POSITIVE_INFINITY));
  const when = Number.isFinite(due) ? ` (due in ${Math.round(due / 100) / 10} s)` : "";
  return `${all.length} ${kind}${all.length === 1 ? "" : kind.endsWith("s") ? "es" : "s"}${when}`;
}
