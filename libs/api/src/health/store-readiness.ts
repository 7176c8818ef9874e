import { Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import { StoreCondition, StoreStatus } from '@app/domain';
import { ProcessHealth } from '@app/http';
import { LocalProcess } from './local-process';

/**
 * The API is ready when the store can be read and, where this process also captures, when the store takes what comes.
 * An exchange that is away is no reason: what is stored is served.
 */
@Injectable()
export class StoreReadinessCheck implements OnModuleInit {
  constructor(
    private readonly health: ProcessHealth,
    private readonly store: StoreStatus,
    private readonly condition: StoreCondition,
    @Optional() private readonly local?: LocalProcess,
  ) {}

  onModuleInit(): void {
    this.condition.watchFiles();
    this.health.addReadyCheck('store', () => {
      const { ready, reason } = this.store.readiness();
      return { ok: ready, detail: reason };
    });
    const { local } = this;
    if (!local) return;
    this.health.addReadyCheck('sink', () => {
      const detail = local.sinkFault();
      return { ok: detail === '', detail };
    });
  }
}
