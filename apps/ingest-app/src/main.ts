import 'reflect-metadata';
import { runProcess } from '@app/http';
import { IngestAppModule } from './ingest-app.module';

runProcess({
  name: 'ingest',
  port: ({ ingestPort }) => ingestPort,
  module: (parts) => IngestAppModule.register(parts),
});
