import { CANDLE_KIND, PRICE_KIND } from '@app/domain';
import { HistoryKinds } from '@app/history';

export interface TestTopics {
  readonly price: string;
  readonly candle: string;
}

/** The kinds of events on topics of their own. */
export function kindsOn({ price, candle }: TestTopics): HistoryKinds {
  return new HistoryKinds([
    { ...PRICE_KIND, topic: price },
    { ...CANDLE_KIND, topic: candle },
  ]);
}
