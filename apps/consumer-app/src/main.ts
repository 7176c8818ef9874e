import 'reflect-metadata';
import { ConfigError } from '@app/config';
import { runProcess } from '@app/http';
import { KafkaBatchServer } from '@app/messaging';
import { ConsumerAppModule } from './consumer-app.module';

runProcess({
  name: 'consumer',
  port: ({ consumerPort }) => consumerPort,
  heapGrowth: 'consumer',
  module: (parts) => ConsumerAppModule.register(parts),
  check: ({ brokerMode }) => {
    if (brokerMode === 'direct') {
      throw new ConfigError([
        'BROKER_MODE="direct" has no consumer: the capturing process writes the store itself; set BROKER_MODE=kafka',
      ]);
    }
  },
  prepare: async (app) => {
    app.connectMicroservice({ strategy: app.get(KafkaBatchServer) });
    await app.startAllMicroservices();
  },
});
