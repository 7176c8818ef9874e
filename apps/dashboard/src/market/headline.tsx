import type { JSX } from 'preact';
import { ageText } from './age';
import type { MarketRow } from './market-state';
import { ChangeText, PriceText } from './price-text';

export interface HeadlineProps {
  readonly symbol: string;
  readonly row: MarketRow | undefined;
  /** Market time, epoch milliseconds. */
  readonly now: number;
}

/** The chosen symbol: its newest price, and what is known of it. */
export function Headline({ symbol, row, now }: HeadlineProps): JSX.Element {
  const { status, since, coverage, price, change, at } = row ?? {};
  return (
    <div class="headline">
      <h2 id="chart-title">{symbol}</h2>
      {price === undefined ? null : (
        <p class="price-now">
          <PriceText text={price} />
        </p>
      )}
      {change === undefined ? null : (
        <p>
          <ChangeText text={change} /> <span class="soft">rolling 24 h</span>
        </p>
      )}
      {at === undefined ? null : <p class="soft">{ageText(now - at)} ago</p>}
      {status === undefined || status === 'TRADING' ? null : (
        <p class="status">{status}: the exchange does not trade it at present</p>
      )}
      {since === undefined ? null : (
        <p class="soft recorded">
          Recorded since {since}, {coverage} % of its minutes accounted for
        </p>
      )}
    </div>
  );
}
