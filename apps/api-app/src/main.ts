import 'reflect-metadata';
import { setupOpenApi } from '@app/api';
import { runProcess } from '@app/http';
import { ApiAppModule } from './api-app.module';

runProcess({
  name: 'api',
  port: ({ apiPort }) => apiPort,
  isPublic: true,
  module: (parts) => ApiAppModule.forRoot(parts),
  prepare: setupOpenApi,
});
