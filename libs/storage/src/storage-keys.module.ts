import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { ApiKeyStore } from '@app/domain';
import { MetricsRegistry } from '@app/observability';
import { SqliteApiKeyStore } from './keys/sqlite-api-key.store';

/** Provides the table of keys to a command that makes and revokes them; makes the store where there is none. */
@Module({
  providers: [
    {
      provide: SqliteApiKeyStore,
      inject: [APP_CONFIG, MetricsRegistry],
      useFactory: ({ storage }: AppConfig, metrics: MetricsRegistry) => SqliteApiKeyStore.open(storage, metrics),
    },
    { provide: ApiKeyStore, useExisting: SqliteApiKeyStore },
  ],
  exports: [ApiKeyStore],
})
export class StorageKeysModule implements OnApplicationShutdown {
  constructor(@Inject(SqliteApiKeyStore) private readonly store: SqliteApiKeyStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
