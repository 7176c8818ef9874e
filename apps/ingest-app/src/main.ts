import 'reflect-metadata';
import { ConfigError } from '@app/config';
import { runProcess } from '@app/http';
import { IngestAppModule } from './ingest-app.module';

runProcess({
  name: 'ingest',
  port: ({ ingestPort }) => ingestPort,
  module: (parts) => IngestAppModule.register(parts),
  check: ({ brokerMode }) => {
    if (brokerMode === 'kafka') {
      throw new ConfigError([
        'BROKER_MODE="kafka" is not available yet: this version has no Kafka pipeline; set BROKER_MODE=direct',
      ]);
    }
  },
});
