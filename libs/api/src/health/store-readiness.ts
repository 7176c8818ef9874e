import { Injectable, type OnModuleInit } from '@nestjs/common';
import { StoreStatus } from '@app/domain';
import { ProcessHealth } from '@app/http';

/** The API is ready when the store can be read. */
@Injectable()
export class StoreReadinessCheck implements OnModuleInit {
  constructor(
    private readonly health: ProcessHealth,
    private readonly store: StoreStatus,
  ) {}

  onModuleInit(): void {
    this.health.addReadyCheck('store', () => {
      const { ready, reason } = this.store.readiness();
      return { ok: ready, detail: reason };
    });
  }
}
