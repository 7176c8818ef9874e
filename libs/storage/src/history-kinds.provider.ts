import type { FactoryProvider } from '@nestjs/common';
import { EventKinds } from '@app/domain';
import { HistoryKinds } from '@app/history';

/** The kinds of the process, each with what a store keeps of it. */
export const HISTORY_KINDS: FactoryProvider<HistoryKinds> = {
  provide: HistoryKinds,
  inject: [EventKinds],
  useFactory: (kinds: EventKinds) => new HistoryKinds(kinds),
};
