import { MINUTE, type EpochMicros } from '@app/domain';

/** Live sync has so long after the close of a minute; only then is it asked for elsewhere. */
export const LEFT_TO_LIVE: EpochMicros = 3 * MINUTE;
