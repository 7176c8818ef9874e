import { DAY } from '@app/domain';
import { invalidParameter } from '@app/http';
import type { StoredWindow, TableSize } from './date-window';

/** A wide table may have so many cells for each row that its table may have: an empty one is a separator alone. */
const CELLS_A_ROW = 10;

/**
 * How many cells a wide table has at most, each of at least one byte: symbols that have few rows make it sparse.
 * @throws ProblemError 400 when they are too many
 */
export function wideCells(
  wide: string,
  { range, rows }: Pick<StoredWindow, 'range' | 'rows'>,
  symbols: number,
  { buckets, rowsPerDate, maxRows }: TableSize,
): number {
  const lines = Math.min(rows, Math.ceil((range.end - range.start) / (DAY / rowsPerDate)));
  const cells = lines * symbols;
  const most = maxRows * CELLS_A_ROW;
  if (cells <= most) return cells;
  throw invalidParameter(
    'wide',
    wide,
    `at most ${most} cells, empty ones too: fewer symbols or a shorter window (${lines} ${buckets} for ${symbols} symbols are ${cells})`,
  );
}
