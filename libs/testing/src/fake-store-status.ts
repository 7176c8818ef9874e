import {
  compareCodePoints,
  STORE_READY,
  StoreNotReadyError,
  StoreStatus,
  type LostLines,
  type ProcessStatusRow,
  type StoreReadiness,
} from '@app/domain';

/** What {@link FakeStoreStatus} says of a store. */
export class FakeStore {
  readonly processes: ProcessStatusRow[] = [];
  readiness: StoreReadiness = STORE_READY;
  origin: string | null = 'simulator:test';
  damaged: string[] = [];
  altered: string[] = [];
  readonly lostLines: LostLines[] = [];
  version = 1;

  /** Call after a change. */
  changed(): void {
    this.version += 1;
  }

  /** Rejects while the store is not ready. */
  open(): Promise<void> {
    const { readiness } = this;
    if (readiness.ready) return Promise.resolve();
    return Promise.reject(new StoreNotReadyError(readiness.reason, readiness.state));
  }
}

export class FakeStoreStatus extends StoreStatus {
  constructor(private readonly store: FakeStore) {
    super();
  }

  readiness(): StoreReadiness {
    return this.store.readiness;
  }

  async version(): Promise<string> {
    await this.store.open();
    return String(this.store.version);
  }

  async origin(): Promise<string | null> {
    await this.store.open();
    return this.store.origin;
  }

  async damagedFiles(): Promise<string[]> {
    await this.store.open();
    return this.store.damaged;
  }

  async alteredFiles(): Promise<string[]> {
    await this.store.open();
    return this.store.altered;
  }

  async lostLines(): Promise<LostLines[]> {
    await this.store.open();
    return [...this.store.lostLines].sort((a, b) => compareCodePoints(a.file, b.file));
  }

  async processes(): Promise<ProcessStatusRow[]> {
    await this.store.open();
    return [...this.store.processes].sort((a, b) => compareCodePoints(a.process, b.process));
  }
}
