/** One listener a signal, however many tasks share it, and none when they are over. */

interface Watch {
  callbacks: Set<() => void>;
  listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

export function watchSignal(signal: AbortSignal, callback: () => void): void {
  let watch = watches.get(signal);
  if (!watch) {
    const callbacks = new Set<() => void>();
    const listener = () => {
      for (const each of [...callbacks]) each();
    };
    watch = { callbacks, listener };
    watches.set(signal, watch);
    signal.addEventListener("abort", listener, { once: true });
  }
  watch.callbacks.add(callback);
}

export function unwatchSignal(signal: AbortSignal, callback: () => void): void {
  const watch = watches.get(signal);
  if (!watch?.callbacks.delete(callback) || watch.callbacks.size > 0) return;
  watches.delete(signal);
  signal.removeEventListener("abort", watch.listener);
}
