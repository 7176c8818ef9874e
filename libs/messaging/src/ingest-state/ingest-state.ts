import { dirname } from 'node:path';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { EpochMicros, TrackedSymbol } from '@app/domain';
import { makeFolder, replaceFile } from '@app/files';
import type { Logger } from '@app/observability';
import { readJsonFile } from '../spool/json-file';

interface SymbolState {
  tracked_since?: EpochMicros;
  ledger_start?: EpochMicros;
  last_minute?: EpochMicros;
}

/** Changes are written together, at most this long after the first of them. */
const WRITE_AFTER_MS = 1_000;

/**
 * What a process that captures without a database has to know after a restart, in one small file of INGEST_STATE_DIR
 * that is replaced as a whole. It may lag by a second: what is captured again for that is dropped by the sink. The lock
 * of the spool beside it keeps other processes out.
 */
export class IngestState implements BeforeApplicationShutdown {
  private readonly symbols = new Map<string, SymbolState>();
  private claimedOrigin: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private fault = '';

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {
    this.load();
  }

  /** Origin of all that was captured into this folder; undefined before anything was. */
  get origin(): string | undefined {
    return this.claimedOrigin;
  }

  claim(origin: string): void {
    if (this.claimedOrigin === origin) return;
    this.claimedOrigin = origin;
    this.changed();
  }

  frame(symbol: string): TrackedSymbol | undefined {
    const { tracked_since: trackedSince, ledger_start: ledgerStart } = this.symbols.get(symbol) ?? {};
    return trackedSince === undefined || ledgerStart === undefined ? undefined : { symbol, trackedSince, ledgerStart };
  }

  track({ symbol, trackedSince, ledgerStart }: TrackedSymbol): void {
    const known = this.symbols.get(symbol);
    this.symbols.set(symbol, { ...known, tracked_since: trackedSince, ledger_start: ledgerStart });
    this.changed();
  }

  /** Every symbol that something is remembered of. */
  known(): string[] {
    return [...this.symbols.keys()];
  }

  forget(symbol: string): void {
    if (this.symbols.delete(symbol)) this.changed();
  }

  lastMinute(symbol: string): EpochMicros | undefined {
    return this.symbols.get(symbol)?.last_minute;
  }

  setLastMinute(symbol: string, openTime: EpochMicros): void {
    this.symbols.set(symbol, { ...this.symbols.get(symbol), last_minute: openTime });
    this.changed();
  }

  beforeApplicationShutdown(): void {
    this.flush();
  }

  /** Brings what changed to disk now. */
  flush(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    try {
      makeFolder(dirname(this.path));
      const symbols = Object.fromEntries(this.symbols);
      replaceFile(this.path, JSON.stringify({ origin: this.claimedOrigin, symbols }));
      this.fault = '';
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (this.fault === '') this.logger.warn(`the state of capture cannot be written, and is tried again: ${fault}`);
      this.fault = fault;
      this.changed();
    }
  }

  private changed(): void {
    this.timer ??= setTimeout(() => {
      this.flush();
    }, WRITE_AFTER_MS).unref();
  }

  private load(): void {
    const stored = readJsonFile(this.path, (reason) => {
      this.logger.warn(
        `the state of capture is not readable (${reason}): candles begin with the current minute, as at a first start`,
      );
    }) as { origin?: unknown; symbols?: Record<string, unknown> } | undefined;
    if (stored === undefined) return;
    if (typeof stored.origin === 'string') this.claimedOrigin = stored.origin;
    for (const [symbol, state] of Object.entries(stored.symbols ?? {})) {
      this.symbols.set(symbol, readSymbolState(state as Readonly<Record<string, unknown>>));
    }
  }
}

function readSymbolState(stored: Readonly<Record<string, unknown>>): SymbolState {
  const names = ['tracked_since', 'ledger_start', 'last_minute'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (Number.isSafeInteger(stored[name]) ? [[name, stored[name]]] : [])),
  );
}
