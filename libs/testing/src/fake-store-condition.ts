import { STORE_READY, StoreCondition, type StoreReadiness } from '@app/domain';

/** A store in whatever condition a test wants. */
export class FakeStoreCondition extends StoreCondition {
  state: StoreReadiness = STORE_READY;
  said: readonly string[] = [];
  isWatched = false;

  readiness(): StoreReadiness {
    return this.state;
  }

  watchFiles(): void {
    this.isWatched = true;
  }

  notes(): readonly string[] {
    return this.said;
  }
}
