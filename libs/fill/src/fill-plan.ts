import { DAY, floorTo, subtractRanges, type TimeRange } from '@app/domain';
import { cutAt, pagesOver, partsOfEach } from './minute-ranges';
import { ARCHIVE_THEN_REST, REST_ALONE, type FillStep, type WantedMinutes } from './wanted-minutes';

/**
 * Cuts what is wanted into steps, oldest first. A day that is wanted from its first to its last minute is one step, which
 * the archive may answer with a file; the minutes between such days come in as few pages as hold them. Where nothing but
 * the archive may be asked, every day of which anything is wanted is a step.
 *
 * @param hasArchive whether there is an archive; without one, days come in pages too
 * @param page minutes that one answer over REST holds
 */
export function planFill(
  { symbol, ranges, sources = ARCHIVE_THEN_REST, cutAt: cut }: WantedMinutes,
  hasArchive: boolean,
  page: number,
): FillStep[] {
  const parts = cut === undefined ? ranges : ranges.flatMap((range) => cutAt(range, cut));
  const isArchiveAlone = !sources.includes('rest');
  const byDays = sources.includes('archive') && (hasArchive || isArchiveAlone);
  const days = byDays ? daysOf(parts, isArchiveAlone) : [];
  const paged = isArchiveAlone ? [] : subtractRanges(parts, days);
  const pages = pagesOver(paged, page).flatMap((range) => (cut === undefined ? [range] : cutAt(range, cut)));
  const steps = [
    ...days.map((range) => ({ range, sources })),
    ...pages.map((range) => ({ range, sources: REST_ALONE })),
  ].sort((a, b) => a.range.start - b.range.start);
  const wanted = partsOfEach(
    steps.map(({ range }) => range),
    parts,
  );
  return steps.map((step, index) => ({ symbol, ...step, wanted: wanted[index] ?? [] }));
}

/** The UTC days that the ranges hold whole, or that they touch. */
function daysOf(ranges: readonly TimeRange[], touched: boolean): TimeRange[] {
  const days: TimeRange[] = [];
  for (const { start, end } of ranges) {
    for (let day = floorTo(start, DAY); day < end; day += DAY) {
      const isWhole = day >= start && day + DAY <= end;
      if ((isWhole || touched) && days.at(-1)?.start !== day) days.push({ start: day, end: day + DAY });
    }
  }
  return days;
}
