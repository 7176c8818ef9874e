export { ApiModule, type ApiModuleOptions } from './api.module';
export { openApiDocument, setupOpenApi } from './open-api/setup-open-api';
export { LocalProcess } from './health/local-process';
export { type RemoteProcess } from './health/remote-processes';
