import { StoreLease } from '@app/domain';
import type { StoreKeeper } from './condition/store-keeper';
import type { ConsumerStore } from './consumer-store';

/** The lease of whatever store is open at the moment: with the store it is lost, and can be taken again with the next. */
export class ConsumerLease extends StoreLease {
  constructor(private readonly keeper: StoreKeeper<ConsumerStore>) {
    super();
  }

  get held(): boolean {
    return this.keeper.fault === undefined && this.keeper.current.held;
  }

  async acquire(): Promise<boolean> {
    return this.keeper.current.acquire();
  }

  async release(): Promise<void> {
    if (this.held) await this.keeper.current.release();
  }
}
