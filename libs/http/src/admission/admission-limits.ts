const KILOBYTE = 1_024;
const MEGABYTE = 1_024 * KILOBYTE;

/** How much clients may ask of a process at once. Times are milliseconds of the monotonic clock. */
export interface AdmissionLimits {
  /** Bytes of answers that were handed over and that their readers have not taken yet: of all, and of a client. */
  readonly processBytes: number;
  readonly clientBytes: number;
  /** An answer up to this size is never held up. */
  readonly smallBytes: number;
  /** Bytes of answers that are made and wait to be handed over, and how many requests may wait for room at all. */
  readonly waitingBytes: number;
  readonly waitingRequests: number;
  /**
   * Bytes of large answers that are being made, as far as they are known before. Their rows take several times as much
   * memory while they are read, so few are made at once: they would all be done at the same time, and not earlier.
   */
  readonly makingBytes: number;
  /**
   * Answers that are written to a temporary file before they are sent, of all and of a client: from when they begin until
   * their readers have them. And how many of them are written at once, each by a thread.
   */
  readonly files: number;
  readonly clientFiles: number;
  readonly filesWritten: number;
  /** How long a large answer waits for room before it is refused. */
  readonly waitMs: number;
  /** Requests that were read from pipelining connections and wait unhandled, in the whole process. */
  readonly requestsUnhandled: number;
  /** Time for the head of a request to arrive, and for its body after that. */
  readonly headMs: number;
  readonly bodyMs: number;
  /** How long a connection may stay open between two requests. */
  readonly keepAliveMs: number;
  /** A reader for whom bytes wait and who takes none of them for this long is cut off. */
  readonly silentReaderMs: number;
  /** While others wait, so is one who takes fewer bytes a second than this over this time. */
  readonly slowReaderBytesPerSecond: number;
  readonly slowReaderMs: number;
  /** How long readers still have when the process stops. */
  readonly leavingMs: number;
  /** How often connections are looked at. */
  readonly lookMs: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  processBytes: 64 * MEGABYTE,
  clientBytes: 16 * MEGABYTE,
  smallBytes: 64 * KILOBYTE,
  waitingBytes: 8 * MEGABYTE,
  waitingRequests: 1_000,
  makingBytes: 4 * MEGABYTE,
  files: 8,
  clientFiles: 4,
  filesWritten: 2,
  waitMs: 30_000,
  requestsUnhandled: 10_000,
  headMs: 15_000,
  bodyMs: 15_000,
  // Above the 60 s of common proxies, so that the proxy and not this side ends an idle connection.
  keepAliveMs: 65_000,
  silentReaderMs: 30_000,
  slowReaderBytesPerSecond: 16 * KILOBYTE,
  slowReaderMs: 60_000,
  leavingMs: 5_000,
  lookMs: 1_000,
};
