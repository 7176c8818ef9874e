import { MINUTE, type Clock, type EpochMicros } from '@app/domain';

/** A host that refused the region is not asked again for this long; such refusals come and go. */
const GEO_BLOCK_REST = 5 * MINUTE;
/** A host that did not answer is asked after the others for this long, then first again in its turn. */
const DOWN_REST = 5 * MINUTE;

/** One address of the exchange. */
export class ExchangeHost {
  /** Where its data comes from; undefined while not known. */
  origin: string | undefined;
  /** Real time (performance.now) at which the origin was last confirmed. */
  originConfirmedAt = 0;
  isDown = false;
  /** On the monotonic counter of the clock, as the next: a clock that is set neither prolongs nor ends a rest. */
  downUntil: EpochMicros = -Infinity;
  geoBlockedUntil: EpochMicros = -Infinity;
  /** Set from Retry-After; probes skip the host until then. */
  waitsUntil: EpochMicros = -Infinity;
  /** Host and port, without scheme, credentials or path. */
  readonly label: string;

  constructor(readonly baseUrl: string) {
    this.label = new URL(baseUrl).host;
  }
}

/**
 * The exchange's addresses in order of preference. The one that works is kept; one that failed rests, and is tried
 * first again when its rest is over.
 */
export class HostPool {
  private readonly hosts: readonly ExchangeHost[];
  private lastGood: ExchangeHost | undefined;

  constructor(
    baseUrls: readonly string[],
    private readonly clock: Clock,
  ) {
    this.hosts = baseUrls.map((url) => new ExchangeHost(url));
  }

  /** Hosts to ask, best first; empty when all of them refuse the region. */
  candidates(): ExchangeHost[] {
    const now = this.clock.monotonicNow();
    const open = this.hosts.filter((host) => host.geoBlockedUntil <= now);
    return [...open.filter((host) => host.downUntil <= now), ...open.filter((host) => host.downUntil > now)];
  }

  /** The same without those that asked for a pause. */
  undisturbed(): ExchangeHost[] {
    const now = this.clock.monotonicNow();
    return this.candidates().filter((host) => host.waitsUntil <= now);
  }

  /** The host in use: the last good one while it is open, else the next to be asked. */
  current(): ExchangeHost | undefined {
    const candidates = this.candidates();
    return candidates.find((host) => host === this.lastGood && !host.isDown) ?? candidates[0] ?? this.hosts[0];
  }

  get size(): number {
    return this.hosts.length;
  }

  geoBlocked(): ExchangeHost[] {
    const now = this.clock.monotonicNow();
    return this.hosts.filter((host) => host.geoBlockedUntil > now);
  }

  /** Market time at which the first host may be asked again, when all of them refuse the region. */
  geoBlockedUntil(): EpochMicros | undefined {
    if (this.geoBlocked().length < this.hosts.length) return undefined;
    const end = Math.min(...this.hosts.map((host) => host.geoBlockedUntil));
    return this.clock.now() + (end - this.clock.monotonicNow());
  }

  markUp(host: ExchangeHost): void {
    host.isDown = false;
    host.downUntil = -Infinity;
    this.lastGood = host;
  }

  /** Its origin is asked anew: what comes back under that address may be another simulator. */
  markDown(host: ExchangeHost): void {
    host.isDown = true;
    host.downUntil = this.clock.monotonicNow() + DOWN_REST;
    host.origin = undefined;
  }

  /** It names the market time at which it wants to be asked again. */
  markWaiting(host: ExchangeHost, until: EpochMicros): void {
    host.waitsUntil = this.clock.monotonicNow() + (until - this.clock.now());
  }

  /** Returns the market time until which the host rests. */
  markGeoBlocked(host: ExchangeHost): EpochMicros {
    host.geoBlockedUntil = this.clock.monotonicNow() + GEO_BLOCK_REST;
    return this.clock.now() + GEO_BLOCK_REST;
  }
}
