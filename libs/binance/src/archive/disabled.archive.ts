import { ArchiveError, KlineArchive } from '@app/domain';
import { dailyFrom, monthlyFrom } from './publication';

/** No archive: everything is asked over REST. */
export class DisabledArchive extends KlineArchive {
  readonly isEnabled = false;
  readonly dailyFrom = dailyFrom;
  readonly monthlyFrom = monthlyFrom;

  day(): Promise<never> {
    return this.refuse();
  }

  dayOfMonth(): Promise<never> {
    return this.refuse();
  }

  private refuse(): Promise<never> {
    return Promise.reject(new ArchiveError('disabled', 'no file archive is configured (BINANCE_ARCHIVE_URL is off)'));
  }
}
