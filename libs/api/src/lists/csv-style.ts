import type { CsvStyle } from '@app/bi';
import { SEPARATORS, type DecimalMark, type SeparatorName } from '@app/domain';
import { invalidParameter } from '@app/http';

/** What a request says of how its CSV is written. */
export interface CsvParameters {
  readonly sep?: SeparatorName | undefined;
  readonly decimal?: DecimalMark | undefined;
  readonly bom?: '0' | '1' | undefined;
}

/** @throws ProblemError 400 for decimal commas between commas */
export function csvStyle({ sep, decimal = '.', bom }: CsvParameters): CsvStyle {
  const separator = SEPARATORS[sep ?? ','];
  if (decimal === ',' && separator === ',') {
    throw invalidParameter('decimal', ',', 'another sep than the comma beside it: sep=; or sep=tab');
  }
  return { separator, decimal, hasByteOrderMark: bom === '1' };
}
