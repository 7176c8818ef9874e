export { candleCompleteness, isClosedAt, toCandleItem } from './candle-item';
export { ignoresUnknownParameters } from './ignore-unknown-parameters.decorator';
export type * from './items';
export {
  CURSOR_EXAMPLE,
  FEED_POSITION_EXAMPLE,
  MAX_LIMIT,
  MAX_TEXT_LIMIT,
  MAX_SYMBOLS,
  parseSymbols,
  parseTimeParameter,
  SYMBOLS_ALLOWED,
  TIMES_ALLOWED,
} from './parameters';
export { FieldProblemDto, ProblemDto } from './problem.dto';
export * from './list-parameters';
export * from './queries.dto';
export * from './table-queries.dto';
export { parseTimeBound, RelativeTime, timeAt, type TimeBound } from './time-bound';
export { RefusedParameter, type RawParameter } from './query-parameter.decorator';
export * from './responses.dto';
