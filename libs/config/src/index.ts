export { isKeyName, KEY_NAME_ALLOWED, keyHash, type ApiKeySetting } from './api-keys';
export { ConfigError } from './config-error';
export { ConfigModule } from './config.module';
export { environmentSchema, type CaptureKind } from './environment.schema';
export { limitLookups } from './limit-lookups';
export { APP_CONFIG, loadConfig, type AppConfig } from './load-config';
export { pathPrefixOf } from './path-prefix';
export { proxyOf, type ProxySettings } from './proxies';
