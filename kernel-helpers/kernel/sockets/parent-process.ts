/** The process whose kernel this is: when it is gone, nobody is left to stop the kernel. */

/** How often to look. */
const lookMs = 1000;

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Jupyter and `nb` name that process in `JPY_PARENT_PID`; without it the kernel was started by hand.
 * On Windows the number is a handle of Jupyter's own, so there it is the process that spawned this one.
 * Source: `jupyter_client.launcher.launch_kernel` and `ipykernel.parentpoller`.
 */
function parent(): number | undefined {
  const named = Number(process.env.JPY_PARENT_PID);
  if (!Number.isInteger(named) || named <= 1) return undefined;
  const pid = process.platform === "win32" ? process.ppid : named;
  // In a container, the number may be one from outside.
  return lives(pid) ? pid : undefined;
}

/** Calls `end` once that process is gone. */
export function whenParentGoes(end: () => void) {
  const pid = parent();
  if (pid === undefined) return;
  const timer = setInterval(() => {
    if (lives(pid)) return;
    clearInterval(timer);
    end();
  }, lookMs);
}
