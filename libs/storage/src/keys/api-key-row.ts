import type { ApiKey } from '@app/domain';

export interface ApiKeyRow {
  readonly name: string;
  readonly sha256: string;
  readonly expires_at: number | null;
  readonly request_limit: number | null;
}

export const API_KEY_COLUMNS = 'name, sha256, expires_at, request_limit';

export function toApiKey({ name, sha256, expires_at: expiresAt, request_limit: requestLimit }: ApiKeyRow): ApiKey {
  return { name, sha256, expiresAt, requestLimit };
}
