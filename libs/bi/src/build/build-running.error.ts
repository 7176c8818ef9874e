/** Another process is making a build of the same folder. */
export class BuildRunningError extends Error {
  readonly code = 'BI.BUILD_RUNNING';

  constructor(folder: string) {
    super(`another process is making a build of ${folder}`);
    this.name = 'BuildRunningError';
  }
}
