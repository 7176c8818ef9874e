import { ApiKeyReader, type ApiKey } from '@app/domain';
import { API_KEY_COLUMNS, toApiKey, type ApiKeyRow } from '../keys/api-key-row';
import type { ReadStore } from './read-store';

export class SqliteApiKeyReader extends ApiKeyReader {
  constructor(private readonly store: ReadStore) {
    super();
  }

  unrevoked(): Promise<ApiKey[]> {
    return this.store.read(() =>
      this.store
        .statement<[], ApiKeyRow>(`SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE revoked_at IS NULL`)
        .all()
        .map(toApiKey),
    );
  }
}
