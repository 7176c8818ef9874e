/** One figure of the summary. */
export interface Figure {
  readonly what: string;
  /** What was measured, with its unit. */
  readonly value: string;
  /** The peer or physical limit of the same run; empty where there is none. */
  readonly against: string;
  /** What a threshold speaks of: the ratio to the peer, or the value itself; undefined where neither is of use. */
  readonly measure: number | undefined;
  readonly threshold: Threshold | undefined;
}

export type Threshold = { readonly atLeast: number } | { readonly atMost: number };

export function isMet({ measure, threshold }: Figure): boolean {
  if (threshold === undefined || measure === undefined) return true;
  return 'atLeast' in threshold ? measure >= threshold.atLeast : measure <= threshold.atMost;
}

function thresholdText(figure: Figure): string {
  const { threshold } = figure;
  if (threshold === undefined) return '';
  const text = 'atLeast' in threshold ? `at least ${threshold.atLeast}` : `at most ${threshold.atMost}`;
  return isMet(figure) ? text : `${text}: MISSED`;
}

const HEADER = ['figure', 'value', 'against', 'measure', 'threshold'] as const;

/** The figures as a table of aligned columns. */
export function summaryTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    figure.value,
    figure.against,
    figure.measure?.toFixed(2) ?? '',
    thresholdText(figure),
  ]);
  const widths = HEADER.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(HEADER), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
