import type { Instrument, SymbolStatus } from '../market/market';
import type { RateLimits } from './rate-limiter';

/** The `rateLimits` of exchangeInfo: the limits that are enforced, and the one for orders that clients expect to see. */
export function rateLimitsOf(limits: RateLimits): Record<string, unknown>[] {
  return [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: limits.weight },
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
    { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: limits.rawRequests },
  ];
}

/** A symbol of exchangeInfo with every key the exchange sends. */
export function symbolInfo(
  instrument: Instrument,
  status: SymbolStatus,
  showPermissionSets: boolean,
): Record<string, unknown> {
  return {
    symbol: instrument.symbol,
    status,
    baseAsset: instrument.baseAsset,
    baseAssetPrecision: 8,
    quoteAsset: instrument.quoteAsset,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'],
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    opoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    amendAllowed: false,
    pegInstructionsAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: instrument.filters,
    permissions: [],
    ...(showPermissionSets ? { permissionSets: [['SPOT']] } : {}),
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: ['NONE'],
  };
}
