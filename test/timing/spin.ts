/** Holds the thread with JavaScript, as a long computation does. */
export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
