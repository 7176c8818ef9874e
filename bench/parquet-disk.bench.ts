import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { compareCodePoints, type FileCell, type FileColumn, type MinuteCandle } from '@app/domain';
import { ZstdParquetFiles } from '@app/parquet';
import type { MarketRun } from './market-run';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Bytes of a stored minute in a Parquet file with all of its columns, symbol by symbol.
 *
 * Peer: pyarrow, which reads that file and writes the same table as it does by itself, with Zstandard. Without Python
 * (`make python-readers`) the bytes stand alone.
 */
const MOST_BYTES = 45;
const MOST_OF_PEER = 1.1;

const PYTHON = resolve('.cache/python/bin/python');
const REWRITE =
  'import sys, pyarrow.parquet as pq; pq.write_table(pq.read_table(sys.argv[1]), sys.argv[2], compression="zstd")';

type Type = FileColumn<MinuteCandle>['type'];

const column = (name: string, type: Type, cell: (candle: MinuteCandle) => FileCell): FileColumn<MinuteCandle> => ({
  name,
  type,
  nullable: false,
  cell,
});

const DECIMAL: Type = { kind: 'decimal', scale: 8 };

const COLUMNS: readonly FileColumn<MinuteCandle>[] = [
  column('symbol', { kind: 'string' }, ({ symbol }) => symbol),
  column('open_time', { kind: 'timestamp' }, ({ openTime }) => openTime),
  column('close_time', { kind: 'timestamp' }, ({ closeTime }) => closeTime),
  column('open', DECIMAL, ({ open }) => open),
  column('high', DECIMAL, ({ high }) => high),
  column('low', DECIMAL, ({ low }) => low),
  column('close', DECIMAL, ({ close }) => close),
  column('volume', DECIMAL, ({ volume }) => volume),
  column('quote_volume', DECIMAL, ({ quoteVolume }) => quoteVolume),
  column('trade_count', { kind: 'integer' }, ({ tradeCount }) => tradeCount),
  column('taker_buy_volume', DECIMAL, ({ takerBuyVolume }) => takerBuyVolume),
  column('taker_buy_quote_volume', DECIMAL, ({ takerBuyQuoteVolume }) => takerBuyQuoteVolume),
  column('source', { kind: 'string' }, ({ source }) => source),
  column('captured_at', { kind: 'timestamp' }, ({ capturedAt }) => capturedAt),
];

export function benchParquetDisk({ candles }: MarketRun): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const rows = [...candles].sort((a, b) => compareCodePoints(a.symbol, b.symbol) || a.openTime - b.openTime);
    const path = join(folder, 'own.parquet');
    const file = await new ZstdParquetFiles().create(path, COLUMNS);
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
