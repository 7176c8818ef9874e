import { createRequire } from 'node:module';

/** The part of kafkajs's request queue that this file knows: one queue per connection to a broker. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const CHECK_EVERY_MS = 10;

/**
 * kafkajs 2.2.4 arms, after its first request, a timer with a negative delay that arms itself again: a thousand wake-ups
 * a second for each connection at rest, and a warning on Node 24 (tulios/kafkajs issues 1704 and 1751). The library is no
 * longer maintained, so the one method is replaced: it arms the timer only while a request waits for it.
 */
export function calmIdleConnections(): void {
  const { prototype } = createRequire(__filename)('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledMillis = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMillis > 0 ? throttledMillis : CHECK_EVERY_MS,
    );
  };
}
