/** Whoever waits until something has happened, or until the signal ends the wait. */
export class Sleepers {
  private readonly waiting: (() => void)[] = [];

  /** Resolves when all are woken, or when the signal ends the wait; at once where it has done so already. */
  async sleep(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      // The signal lives as long as the process: a listener left behind by each wait would pile up on it.
      const resume = (): void => {
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.push(resume);
      signal.addEventListener('abort', resume);
    });
  }

  wake(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}
