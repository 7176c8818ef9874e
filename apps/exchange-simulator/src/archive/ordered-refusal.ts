import { FIREWALL_PAGE, RESTRICTED_LOCATION } from '../faults/fault-bodies';
import type { FaultRegistry, FaultTarget } from '../faults/fault-registry';

interface OrderedRefusal {
  readonly status: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a fault says in place of a file. The archive has no weights: whoever is refused is so for the fault alone. */
export function orderedRefusal(faults: FaultRegistry, target: FaultTarget): OrderedRefusal | undefined {
  if (faults.take('waf', target) !== undefined) {
    return { status: 403, type: 'text/html', body: FIREWALL_PAGE };
  }
  if (faults.take('geo-block', target) !== undefined) {
    return { status: 451, type: 'application/json', body: RESTRICTED_LOCATION };
  }
  for (const [kind, status] of [
    ['ban', 418],
    ['rate-limit', 429],
  ] as const) {
    const fault = faults.take(kind, target);
    if (fault !== undefined) {
      return {
        status,
        type: 'application/xml',
        headers: { 'retry-after': String(fault.retry_after_seconds) },
        body: '',
      };
    }
  }
  const ordered = faults.take('status', target);
  if (ordered === undefined) {
    return undefined;
  }
  const { status, body = '', headers = {}, html = false } = ordered;
  return {
    status,
    type: html ? 'text/html' : 'application/xml',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
