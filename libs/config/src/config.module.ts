import { Module, type DynamicModule } from '@nestjs/common';
import { EventKinds, eventKinds } from '@app/domain';
import { APP_CONFIG, type AppConfig } from './load-config';

/** Makes the configuration injectable everywhere under {@link APP_CONFIG}, and with it the kinds of events that there are. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig, kinds: EventKinds = eventKinds(config.topics.prices)): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: APP_CONFIG, useValue: config },
        { provide: EventKinds, useValue: kinds },
      ],
      exports: [APP_CONFIG, EventKinds],
    };
  }
}
