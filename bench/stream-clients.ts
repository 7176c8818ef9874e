import { request } from 'node:http';

/** What this process is told. */
export type ClientsOrder =
  /** Opens so many streams more; answered by {@link ClientsReport} when each of them has had its first bytes. */
  { readonly kind: 'open'; readonly url: string; readonly count: number } | { readonly kind: 'report' };

export interface ClientsReport {
  /** Streams that are open. */
  readonly open: number;
  /**
   * Of each unit that any of them has had: its number, and when (monotonic milliseconds, one clock for all processes of a
   * machine) the last of them had its last byte.
   */
  readonly arrivals: readonly (readonly [unit: number, at: number])[];
  /** Number of the newest unit that all of them have had; -1 before the first. */
  readonly newest: number;
}

/** Connections that are made at once. */
const AT_ONCE = 50;
/** Each event says in this field which unit it came with. */
const UNIT_FIELD = '"volume":"';
/** No unit of a run has a longer number. */
const UNIT_DIGITS = 10;

const arrivals = new Map<number, number>();
const readers: StreamClient[] = [];

/** Monotonic milliseconds. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The unit that an event says it came with. */
function unitAt(text: string, field: number): number {
  return Number.parseInt(text.slice(field + UNIT_FIELD.length, field + UNIT_FIELD.length + UNIT_DIGITS), 10);
}

/** Reads a stream, and looks only at the first and the last event of what comes at once: reading is to cost little here. */
class StreamClient {
  newest = -1;
  private rest = '';

  open(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { agent: false });
      sent.on('error', reject);
      sent.on('response', (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`${url}: HTTP ${String(response.statusCode)}`));
          return;
        }
        response.setEncoding('latin1');
        response.once('data', () => {
          resolve();
        });
        response.on('data', (text: string) => {
          this.read(text);
        });
        response.on('close', () => {
          throw new Error('a stream has ended');
        });
      });
      sent.end();
    });
  }

  private read(text: string): void {
    const whole = this.rest + text;
    const end = whole.lastIndexOf('\n\n');
    this.rest = whole.slice(end + 2);
    if (end === -1) return;
    const last = whole.lastIndexOf(UNIT_FIELD, end);
    if (last === -1) return;
    const unit = unitAt(whole, last);
    const at = now();
    // The last events of the unit before may come with the first ones of this.
    for (let number = unitAt(whole, whole.indexOf(UNIT_FIELD)); number <= unit; number += 1) arrivals.set(number, at);
    this.newest = unit;
  }
}

async function open(url: string, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const made = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => new StreamClient());
    await Promise.all(made.map((client) => client.open(url)));
    readers.push(...made);
  }
}

function report(): void {
  process.send?.({
    open: readers.length,
    arrivals: [...arrivals],
    newest: Math.min(...readers.map(({ newest }) => newest)),
  } satisfies ClientsReport);
}

process.on('message', (order: ClientsOrder) => {
  if (order.kind === 'report') report();
  else void open(order.url, order.count).then(report);
});
