import {
  parseCandle,
  parsePriceEvent,
  serializeCandle,
  type EventKind,
  type MinuteCandle,
  type PriceEvent,
} from '@app/domain';

/** An event that has passed its contract, with the line that bronze will hold. */
export type CheckedEvent =
  | { readonly kind: 'price'; readonly line: string; readonly event: PriceEvent }
  | { readonly kind: 'candle'; readonly line: string; readonly event: MinuteCandle };

/** Checks one line against the contract of its kind. @throws ContractViolationError */
export function checkEvent(kind: EventKind, line: string): CheckedEvent {
  return kind === 'price' ? { kind, line, event: parsePriceEvent(line) } : { kind, line, event: parseCandle(line) };
}

/** A candle whose own line is not at hand. */
export function candleToWrite(event: MinuteCandle): CheckedEvent {
  return { kind: 'candle', line: serializeCandle(event), event };
}
