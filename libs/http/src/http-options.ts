import type { AppConfig } from '@app/config';

/** What the HTTP side of a process needs of the configuration. */
export type HttpOptions = Pick<
  AppConfig['http'],
  | 'throttleLimit'
  | 'throttleKeyLimit'
  | 'throttleTtlSeconds'
  | 'throttleRedisUrl'
  | 'trustProxyHops'
  | 'publicUrl'
  | 'corsOrigins'
  | 'apiKeys'
  | 'requireApiKey'
>;
