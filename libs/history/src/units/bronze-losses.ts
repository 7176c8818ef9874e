import type { LostLines } from '@app/domain';
import { describeTable, type RowOf } from '../rows/table';
import { ask, byKeys, inRanges, type Inquiry, type Unit, type WrittenRows } from '../rows/unit';

/** What could not be read of bronze files when they were taken up, by the folder that they are in. */
export const BRONZE_LOSSES = describeTable('bronze_losses', ['writerId', 'file'], {
  writerId: 'text',
  file: 'text',
  firstLine: 'integer',
  lines: 'integer',
  noticedAt: 'time',
  reason: 'text',
});

type BronzeLossRow = RowOf<typeof BRONZE_LOSSES>;

/** Adds lines to what is lost of a file: the first of all says where it begins, when that was noticed, and why. */
export function* addLossUnit(writerId: string, lost: LostLines): Unit<void> {
  const [[known]] = yield* ask(byKeys(BRONZE_LOSSES, [[writerId, lost.file]]));
  const row = known ? { ...known, lines: known.lines + lost.lines } : { writerId, ...lost };
  return {
    outcome: undefined,
    changes: [{ kind: 'put', table: BRONZE_LOSSES, rows: [row] } satisfies WrittenRows<BronzeLossRow>],
  };
}

/** Finds what is lost of the files of a folder, by their names. */
export function* bronzeLosses(writerId: string): Inquiry<LostLines[]> {
  const [[rows = []]] = yield* ask(inRanges(BRONZE_LOSSES, [{ prefix: [writerId] }]));
  return rows.map(({ file, firstLine, lines, noticedAt, reason }) => ({ file, firstLine, lines, noticedAt, reason }));
}
