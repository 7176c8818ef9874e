import 'reflect-metadata';
import { setupOpenApi } from '@app/api';
import { runProcess } from '@app/http';
import { StandaloneAppModule } from './standalone-app.module';

runProcess({
  name: 'standalone',
  port: ({ apiPort }) => apiPort,
  isPublic: true,
  module: (parts) => StandaloneAppModule.register(parts),
  prepare: setupOpenApi,
});
