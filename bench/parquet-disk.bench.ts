import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { candleColumns } from '@app/bi';
import { accountOfMinute, compareCodePoints, MILLISECOND } from '@app/domain';
import { ZstdParquetFiles } from '@app/parquet';
import type { MarketRun } from './market-run';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Bytes of a stored minute in a Parquet file as `cli export` writes it, symbol by symbol.
 *
 * Peer: pyarrow, which reads that file and writes the same table as it does by itself, with Zstandard. Without Python
 * (`make python-readers`) the bytes stand alone.
 */
const MOST_BYTES = 45;
const MOST_OF_PEER = 1.1;

const PYTHON = resolve('.cache/python/bin/python');
const REWRITE =
  'import sys, pyarrow.parquet as pq; pq.write_table(pq.read_table(sys.argv[1]), sys.argv[2], compression="zstd")';

export function benchParquetDisk({ candles }: MarketRun): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const rows = candles
      .map((candle) => ({ ...candle, revision: 1, account: accountOfMinute(candle.openTime) }))
      .sort((a, b) => compareCodePoints(a.symbol, b.symbol) || a.openTime - b.openTime);
    const path = join(folder, 'own.parquet');
    const file = await new ZstdParquetFiles().create(path, candleColumns('1m', Date.now() * MILLISECOND));
    await file.write(rows);
    await file.finish();
    const bytes = statSync(path).size / rows.length;
    const value = `${bytes.toFixed(1)} bytes`;
    const own: Figure = {
      what: 'Parquet, each minute',
      value,
      against: '',
      measure: bytes,
      threshold: { atMost: MOST_BYTES },
    };
    if (!existsSync(PYTHON)) return [own];
    const peerPath = join(folder, 'pyarrow.parquet');
    await promisify(execFile)(PYTHON, ['-c', REWRITE, path, peerPath]);
    const peer = statSync(peerPath).size / rows.length;
    return [
      own,
      {
        what: 'Parquet, each minute',
        value,
        against: `pyarrow with zstd: ${peer.toFixed(1)} bytes`,
        measure: bytes / peer,
        threshold: { atMost: MOST_OF_PEER },
      },
    ];
  });
}
