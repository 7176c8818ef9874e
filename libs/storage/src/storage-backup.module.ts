import { Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { Clock, StoreBackups } from '@app/domain';
import { MetricsRegistry } from '@app/observability';
import { SqliteStoreBackups } from './backup/sqlite-store.backups';

/** Provides backups of the store to a command; opens nothing before one is made. */
@Module({
  providers: [
    {
      provide: StoreBackups,
      inject: [APP_CONFIG, Clock, MetricsRegistry],
      useFactory: ({ storage }: AppConfig, clock: Clock, metrics: MetricsRegistry) =>
        new SqliteStoreBackups({ ...storage, clock, metrics }),
    },
  ],
  exports: [StoreBackups],
})
export class StorageBackupModule {}
