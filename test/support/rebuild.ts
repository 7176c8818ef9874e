import { Test } from '@nestjs/testing';
import { CaptureModule, RebuildHistoryUseCase, type RebuildReport } from '@app/capture';
import { SqliteRebuildStore } from '@app/storage';
import type { FakePorts } from '@app/testing';
import { readTables } from './history-tables';
import type { TestStore } from './test-store';

/** Makes the database of a store that is at rest anew, as the command does, with the exchange of the ports. */
export async function rebuildStore(store: Pick<TestStore, 'options'>, ports: FakePorts): Promise<RebuildReport> {
  const rebuilt = await SqliteRebuildStore.open(store.options());
  const options = {
    process: 'test',
    capture: ['candles'] as const,
    imports: [ports.rebuildModule(rebuilt, rebuilt.history)],
  };
  const module = await Test.createTestingModule({ imports: [CaptureModule.rebuild(options)] }).compile();
  try {
    const settings = { acceptLosses: false, importsFolder: undefined };
    return await module.get(RebuildHistoryUseCase).execute(settings, new AbortController().signal, () => undefined);
  } finally {
    await module.close();
    await rebuilt.close();
  }
}

/** Every row that follows from bronze alone: what the exchange says of symbols is asked for as it is now. */
export function tablesOfBronze(databasePath: string): Record<string, unknown[]> {
  const tables = Object.entries(readTables(databasePath));
  return Object.fromEntries(tables.filter(([name]) => name !== 'symbols' && name !== 'symbol_assets'));
}
