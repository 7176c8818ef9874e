import { useEffect } from 'preact/hooks';

/** Runs at once and again, while the tab is seen; the signal ends with what it was asked for. */
export function useEvery(milliseconds: number, run: (signal: AbortSignal) => void): void {
  useEffect(() => {
    const controller = new AbortController();
    run(controller.signal);
    const timer = setInterval(() => {
      if (!document.hidden) run(controller.signal);
    }, milliseconds);
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [milliseconds, run]);
}
