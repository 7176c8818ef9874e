import { Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import { StoreCondition, StoreStatus } from '@app/domain';
import { ProcessHealth } from '@app/http';
import { LocalProcess } from './local-process';
import { OldData } from './old-data';

/**
 * The API is ready when the store can be read and, where this process also captures, when the store takes what comes.
 * Data that are old, an exchange that is away and a wrong clock are told and are no reason: what is stored is served.
 */
@Injectable()
export class StoreReadinessCheck implements OnModuleInit {
  constructor(
    private readonly health: ProcessHealth,
    private readonly store: StoreStatus,
    private readonly condition: StoreCondition,
    private readonly oldData: OldData,
    @Optional() private readonly local?: LocalProcess,
  ) {}

  onModuleInit(): void {
    this.condition.watchFiles();
    this.health.addReadyCheck('store', () => {
      const { ready, reason } = this.store.readiness();
      return { ok: ready, detail: reason };
    });
    this.health.addReadyCheck('data', async () => ({ ok: true, detail: await this.oldData.line() }));
    const { local } = this;
    if (!local) return;
    this.health.addReadyCheck('sink', () => {
      const detail = local.sinkFault();
      return { ok: detail === '', detail };
    });
    this.health.addReadyCheck('exchange', () => ({ ok: true, detail: local.exchangeFault() }));
    this.health.addReadyCheck('clock', () => ({ ok: true, detail: local.clockFault() }));
  }
}
