import type { Clock, Exchange } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import { BinanceMetrics } from './binance-metrics';
import { DEFAULT_BINANCE_OPTIONS, type BinanceOptions } from './binance-options';
import { BinanceRequester } from './binance-requester';
import { BinanceRestClient } from './binance-rest.client';
import { BinanceExchange } from './binance.exchange';
import { RequestBlock } from './budget/request-block';
import { RequestWeightBudget } from './budget/request-weight-budget';
import { ExchangeState } from './exchange-state';
import { HostOriginResolver } from './hosts/host-origin';
import { HostPool } from './hosts/host-pool';
import { ProxyGate } from './transport/proxy-gate';

export interface BinanceDependencies {
  /** Addresses of the exchange, tried in this order. */
  readonly restUrls: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** How requests leave this network; directly unless given. */
  readonly proxies?: ProxyGate;
}

/** The client and all that it stands on. One per process: the weight budget is the process's. */
export function createBinanceExchange(
  { restUrls, clock, logger, metrics: registry, proxies = new ProxyGate() }: BinanceDependencies,
  overrides: Partial<BinanceOptions> = {},
): Exchange {
  const options = { ...DEFAULT_BINANCE_OPTIONS, ...overrides };
  const hosts = new HostPool(restUrls, clock);
  const budget = new RequestWeightBudget(clock, options.maxBudgetWaitMs);
  const block = new RequestBlock(clock, options.maxBlockWaitMs);
  const state = new ExchangeState(clock, logger);
  const metrics = new BinanceMetrics(registry, budget);
  const origins = new HostOriginResolver(options.requestTimeoutMs, proxies);
  const requester = new BinanceRequester(hosts, origins, budget, block, state, metrics, clock, options, proxies);
  const client = new BinanceRestClient(requester);
  return new BinanceExchange({ client, hosts, budget, block, state, metrics }, clock, logger);
}
