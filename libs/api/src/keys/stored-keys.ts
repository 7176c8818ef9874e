import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ApiKeyReader, StoreNotReadyError } from '@app/domain';
import { KeyRing } from '@app/http';
import { LOGGER, type Logger } from '@app/observability';

/** A key that is made or revoked holds, or holds no more, after so long (real time). */
const READ_EVERY_MS = 500;

/** Keeps the keys of this process those of the store. */
@Injectable()
export class StoredKeys implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private isRead = false;
  private isFailing = false;

  constructor(
    private readonly reader: ApiKeyReader,
    private readonly ring: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => void this.read(), READ_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    try {
      this.ring.hold(await this.reader.unrevoked());
      this.isRead = true;
      this.isFailing = false;
    } catch (error) {
      this.meet(error);
    }
  }

  /** Keys that were read once hold on: whoever cannot read the store cannot know that one was revoked, either. */
  private meet(error: unknown): void {
    const isKnown = error instanceof StoreNotReadyError;
    if (!isKnown && !this.isFailing) this.logger.error({ err: error }, 'API keys cannot be read');
    this.isFailing = true;
    if (this.isRead) return;
    // Without a store there are no keys in it.
    if (isKnown && error.state === 'absent') this.ring.hold([]);
    else this.ring.miss(error instanceof Error ? error : new Error(String(error)));
  }
}
