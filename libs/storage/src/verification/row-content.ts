import type { CheckedEvent, EpochMicros } from '@app/domain';
import type { KindHistory } from '@app/history';

/** The row that an event makes, as `RowVersions` reads it. */
export interface RowContent {
  readonly symbol: string;
  readonly time: EpochMicros;
  readonly capturedAt: EpochMicros;
  readonly source: string;
  readonly content: string;
}

export function rowContentOf({ kind, event }: CheckedEvent, { content }: KindHistory): RowContent {
  const fields = event as Readonly<Record<string, unknown>>;
  const values = content.map((field) => fields[field]);
  return { ...kind.keyOf(event), capturedAt: kind.capturedAt(event), content: values.join(' ') };
}
