/** Another process is making a build of the same folder, or has made the one that was wanted. */
export class BuildRunningError extends Error {
  readonly code = 'BI.BUILD_RUNNING';

  constructor(folder: string) {
    super(`another process is making a build of ${folder}, or has just made it`);
    this.name = 'BuildRunningError';
  }
}
