export { ApiModule, type ApiModuleOptions } from './api.module';
export { openApiDocument, setupOpenApi } from './open-api/setup-open-api';
export { type RemoteProcess } from './health/remote-processes';
