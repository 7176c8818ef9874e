import {
  ExchangeError,
  formatBucketTime,
  type Clock,
  type ExchangeAnswer,
  type EpochMicros,
  type RequestPriority,
  type ServerTime,
} from '@app/domain';
import type { BinanceMetrics, Route } from './binance-metrics';
import type { BinanceOptions } from './binance-options';
import type { BlockingRefusal, RequestBlock, Subject } from './budget/request-block';
import { readRequestLimits, type RequestWeightBudget } from './budget/request-weight-budget';
import type { ExchangeState } from './exchange-state';
import type { HostOriginResolver } from './hosts/host-origin';
import type { ExchangeHost, HostPool } from './hosts/host-pool';
import { MalformedAnswerError } from './malformed-answer.error';
import { judgeAnswer } from './transport/answer-verdict';
import type { ProxyGate } from './transport/proxy-gate';
import { httpGet, pause, TransportError, type HttpAnswer } from './transport/http-get';

/**
 * Reads the body of an answer; it belongs to the attempt, so what it cannot read is asked for again.
 * @throws MalformedAnswerError
 */
export type BodyReader<T> = (body: unknown, receivedAt: EpochMicros, trip: RoundTrip) => T;

/** When the request of an answer was sent and when the answer had arrived, on the monotonic counter of the clock. */
export type RoundTrip = Omit<ServerTime, 'time'>;

export interface BinanceRequest<T> {
  readonly route: Route;
  /** Path and query, encoded. */
  readonly target: string;
  readonly weight: number;
  readonly priority: RequestPriority;
  /** How often one host is asked at most; the client's own number unless given. */
  readonly attempts?: number | undefined;
  /** Real milliseconds for one attempt; never more than the client's own number. */
  readonly timeoutMs?: number;
  readonly read: BodyReader<T>;
}

/** A request, and whether it is only to find out if anybody is there. */
type Question<T> = BinanceRequest<T> & { readonly isProbe?: boolean };

/** Real time after which a request that nobody has answered is told of, though it is still being tried. */
const TELL_AFTER_MS = 5_000;

type Attempt<T> =
  | { readonly kind: 'answered'; readonly answer: ExchangeAnswer<T> }
  | { readonly kind: 'blocked'; readonly error: ExchangeError }
  | { readonly kind: 'geo_blocked'; readonly detail: string }
  | { readonly kind: 'refused'; readonly error: ExchangeError }
  | {
      readonly kind: 'transient';
      /** Metric label. */
      readonly reason: string;
      readonly detail: string;
      readonly cause?: unknown;
      /** Whether the host itself is in trouble, and not this one question. */
      readonly hostFault: boolean;
      /** Whether something answered at all. */
      readonly reached: boolean;
      /** When the host wants to be asked again, where it says so. */
      readonly retryAt?: EpochMicros | undefined;
    };

type Transient<T> = Extract<Attempt<T>, { kind: 'transient' }>;

type HostResult<T> =
  Extract<Attempt<T>, { kind: 'answered' | 'geo_blocked' }> | (Transient<T> & { readonly host: ExchangeHost });

/**
 * The one door through which requests reach the exchange: keeps silent when told to, keeps to the weight budget, tries
 * again, and goes on to the next host.
 */
export class BinanceRequester {
  /** Requests that found nobody so far and are still being tried. */
  private readonly unanswered = new Set<object>();

  constructor(
    private readonly hosts: HostPool,
    private readonly origins: HostOriginResolver,
    private readonly budget: RequestWeightBudget,
    private readonly block: RequestBlock,
    private readonly state: ExchangeState,
    private readonly metrics: BinanceMetrics,
    private readonly clock: Clock,
    private readonly options: BinanceOptions,
    private readonly proxies: ProxyGate,
  ) {}

  /** @throws ExchangeError, or the signal's reason when the caller aborts */
  async get<T>(request: BinanceRequest<T>, signal?: AbortSignal): Promise<ExchangeAnswer<T>> {
    const began = performance.now();
    const result = await this.ask(this.hosts.candidates(), request, began, signal);
    if (result === undefined) throw this.geoBlockedEverywhere();
    if (result.kind === 'answered') return result.answer;
    throw this.unusable(result);
  }

  /**
   * Finds out whether anybody is there, unless the exchange wants silence. Whatever comes back ends no pause, and clears
   * no refusal: that is for those who asked what was refused.
   *
   * @returns whether there was a host to ask that does not refuse the region
   * @throws ExchangeError, or the signal's reason when the caller aborts
   */
  async probe(request: BinanceRequest<unknown>, signal?: AbortSignal): Promise<boolean> {
    const hosts = this.hosts.undisturbed();
    if (hosts.length === 0 || this.block.until !== undefined) return false;
    const began = performance.now();
    const result = await this.ask(hosts, { ...request, isProbe: true }, began, signal);
    if (result?.kind === 'transient') throw this.probeFailure(result, began);
    if (result !== undefined) return true;
    // Hosts that are waiting were not asked: they may serve this region.
    if (this.hosts.candidates().length > 0) return false;
    throw this.geoBlockedEverywhere();
  }

  /** @returns the first answer, else the last failure; undefined when each of the hosts refuses the region */
  private async ask<T>(
    hosts: readonly ExchangeHost[],
    request: Question<T>,
    began: number,
    signal: AbortSignal | undefined,
  ): Promise<Exclude<HostResult<T>, { kind: 'geo_blocked' }> | undefined> {
    let failure: Extract<HostResult<T>, { kind: 'transient' }> | undefined;
    try {
      for (const host of hosts) {
        const result = await this.askHost(host, request, began, signal);
        if (result.kind === 'answered') return result;
        if (result.kind === 'transient') failure = result;
      }
    } finally {
      this.unanswered.delete(request);
    }
    return failure;
  }

  private async askHost<T>(
    host: ExchangeHost,
    request: Question<T>,
    began: number,
    signal: AbortSignal | undefined,
  ): Promise<HostResult<T>> {
    // A host that is known to be down is asked once when there are others: waiting for it delays all of them.
    const most = request.attempts ?? this.options.attemptsPerHost;
    const attempts = host.isDown && this.hosts.size > 1 ? 1 : most;
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.attempt(host, request, signal);
      switch (result.kind) {
        case 'answered':
          this.hosts.markUp(host);
          this.answered(host, result.answer.receivedAt, request);
          return result;
        case 'geo_blocked':
          this.state.hostGeoBlocked(host.label, result.detail, this.hosts.markGeoBlocked(host));
          return result;
        case 'refused':
          this.hosts.markUp(host);
          if (request.isProbe !== true) this.state.refused(result.error.message);
          throw result.error;
        case 'blocked':
          if (attempt >= attempts) throw result.error;
          this.metrics.retries.inc({ reason: result.error.failure });
          break;
        case 'transient':
          if (!result.reached && request.isProbe !== true) this.unanswered.add(request);
          if (result.retryAt !== undefined) this.hosts.markWaiting(host, result.retryAt);
          if (!result.reached && performance.now() - began >= TELL_AFTER_MS) {
            // Others may have been answered after this one began, and before the silence did.
            this.state.unansweredSince(performance.now() - TELL_AFTER_MS, `${host.label}: ${result.detail}`);
          }
          if (attempt >= attempts || result.retryAt !== undefined) {
            if (result.hostFault) this.hosts.markDown(host);
            return { ...result, host };
          }
          // Something else may listen there when it is back.
          if (!result.reached) host.origin = undefined;
          await pause(this.options.retryDelayMs(attempt), signal);
          this.metrics.retries.inc({ reason: result.reason });
      }
    }
  }

  private answered<T>(host: ExchangeHost, at: EpochMicros, { isProbe }: Question<T>): void {
    if (isProbe !== true) {
      this.block.answered();
      this.state.answered(host.label, at, this.block.until !== undefined);
    } else if (this.unanswered.size === 0) {
      // Else what is still being tried says how it ends.
      this.state.present(host.label);
    }
  }

  private async attempt<T>(
    host: ExchangeHost,
    request: Question<T>,
    signal: AbortSignal | undefined,
  ): Promise<Attempt<T>> {
    const { route, priority, timeoutMs = Infinity, isProbe } = request;
    if (priority !== 'live') await this.block.outwait(this.options.maxHistoryBlockWaitMs, signal);
    await this.block.pass(signal);
    let origin: string;
    try {
      // A probe keeps nothing that would need one, and to ask for it may take longer than the probe itself.
      origin = isProbe === true ? '' : await this.origins.resolve(host);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return transportFailure(error);
    }
    const reservation = await this.budget.acquire(request.weight, priority, signal);
    let usedWeight: number | undefined;
    let answer: HttpAnswer;
    let sentAt: EpochMicros;
    const startedAt = performance.now();
    try {
      // The exchange may have asked for silence while this request waited for its place.
      await this.block.pass(signal);
      sentAt = this.clock.monotonicNow();
      answer = await httpGet(`${host.baseUrl}${request.target}`, {
        timeoutMs: Math.min(timeoutMs, this.options.requestTimeoutMs),
        maxBodyBytes: this.options.maxBodyBytes,
        signal,
        proxies: this.proxies,
      });
      usedWeight = readUsedWeight(answer.headers);
      this.state.heard();
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      this.metrics.requests.inc({ route, outcome: error.failure });
      return transportFailure(error);
    } finally {
      this.budget.settle(reservation, usedWeight);
    }
    this.metrics.requestSeconds.observe({ route }, (performance.now() - startedAt) / 1_000);
    const trip = { sentAt, receivedAt: this.clock.monotonicNow() };
    const result = this.judge(answer, origin, trip, request);
    this.metrics.requests.inc({ route, outcome: outcomeOf(result) });
    return result;
  }

  private judge<T>(answer: HttpAnswer, origin: string, trip: RoundTrip, request: BinanceRequest<T>): Attempt<T> {
    const receivedAt = this.clock.now();
    const verdict = judgeAnswer(answer, receivedAt);
    switch (verdict.kind) {
      case 'ok':
        return this.read(answer.text, origin, receivedAt, trip, request);
      case 'blocked':
        return this.blocked(verdict, request);
      case 'firewall':
        return this.refusedByFirewall(verdict.detail, request);
      case 'geo_blocked':
        return verdict;
      case 'refused': {
        const { failure, retryAt, detail } = verdict;
        return { kind: 'refused', error: new ExchangeError(failure, `${request.route}: ${detail}`, { retryAt }) };
      }
      case 'transient': {
        const { retryAt, detail } = verdict;
        return { kind: 'transient', reason: 'server_error', detail, hostFault: true, reached: true, retryAt };
      }
    }
  }

  private blocked<T>(refusal: BlockingRefusal, { route }: BinanceRequest<T>): Attempt<T> {
    const { failure } = refusal;
    const { until, grew } = this.block.add(refusal, this.options.intervalOf(route));
    const detail = `${refusal.detail}; no request is sent until ${formatBucketTime(until)}`;
    this.metrics.blockedSeconds.inc({ failure }, grew);
    this.state.blocked(failure, detail);
    return { kind: 'blocked', error: new ExchangeError(failure, `${route}: ${detail}`, { retryAt: until }) };
  }

  /** Its first refusal may concern the question alone. */
  private refusedByFirewall<T>(detail: string, request: BinanceRequest<T>): Attempt<T> {
    if (this.block.suspect(subjectOf(request)) === 'address') {
      return this.blocked({ failure: 'forbidden', until: undefined, detail }, request);
    }
    this.state.blocked('forbidden', detail);
    return { kind: 'refused', error: new ExchangeError('rejected', `${request.route}: ${detail}`) };
  }

  private read<T>(
    text: string,
    origin: string,
    receivedAt: EpochMicros,
    trip: RoundTrip,
    request: BinanceRequest<T>,
  ): Attempt<T> {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      const detail = 'the answer is not JSON';
      return { kind: 'transient', reason: 'malformed_json', detail, cause, hostFault: true, reached: true };
    }
    try {
      const data = request.read(body, receivedAt, trip);
      if (request.route === 'exchange_info') this.budget.setLimits(readRequestLimits(body));
      return { kind: 'answered', answer: { data, receivedAt, origin } };
    } catch (cause) {
      if (!(cause instanceof MalformedAnswerError)) throw cause;
      const detail = cause.message;
      return { kind: 'transient', reason: 'wrong_shape', detail, cause, hostFault: false, reached: true };
    }
  }

  private geoBlockedEverywhere(): ExchangeError {
    const until = this.hosts.geoBlockedUntil();
    const hosts = this.hosts
      .geoBlocked()
      .map(({ label }) => label)
      .join(', ');
    const detail =
      `every host refuses this region (HTTP 451): ${hosts}` +
      (until === undefined ? '' : `; not asked again until ${formatBucketTime(until)}`);
    this.state.geoBlocked(detail);
    return new ExchangeError('geo_blocked', detail, { retryAt: until });
  }

  /** Others may have been answered meanwhile; a host that answers with an error is reachable. */
  private probeFailure<T>(
    { host, reached, ...failure }: Transient<T> & { readonly host: ExchangeHost },
    began: number,
  ): ExchangeError {
    const detail = `${host.label}: ${failure.detail}`;
    if (!reached) this.state.unansweredSince(began, detail);
    return new ExchangeError(reached ? 'failing' : 'unreachable', detail, { cause: failure.cause });
  }

  private unusable<T>(failure: Extract<HostResult<T>, { kind: 'transient' }>): ExchangeError {
    const detail = `${failure.host.label}: ${failure.detail}`;
    const { cause, retryAt } = failure;
    if (!failure.hostFault) {
      this.state.refused(detail);
      return new ExchangeError('malformed', detail, { cause });
    }
    const state = failure.reached ? 'failing' : 'unreachable';
    this.state.unusable(state, detail);
    return new ExchangeError(state, detail, { cause, retryAt });
  }
}

function subjectOf<T>({ route, target }: BinanceRequest<T>): Subject {
  const query = new URLSearchParams(target.slice(target.indexOf('?') + 1));
  const list = query.get('symbols');
  return { route, symbols: list === null ? query.getAll('symbol') : (JSON.parse(list) as string[]) };
}

function transportFailure(error: TransportError): Extract<Attempt<never>, { kind: 'transient' }> {
  return {
    kind: 'transient',
    reason: error.failure,
    detail: error.message,
    cause: error,
    hostFault: true,
    reached: error.failure === 'oversized_body' || error.failure === 'unreadable_body',
  };
}

function outcomeOf<T>(result: Attempt<T>): string {
  switch (result.kind) {
    case 'answered':
      return 'ok';
    case 'geo_blocked':
      return 'geo_blocked';
    case 'blocked':
    case 'refused':
      return result.error.failure;
    case 'transient':
      return result.reason;
  }
}

function readUsedWeight(headers: Headers): number | undefined {
  const value = headers.get('x-mbx-used-weight-1m') ?? headers.get('x-mbx-used-weight') ?? '';
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
