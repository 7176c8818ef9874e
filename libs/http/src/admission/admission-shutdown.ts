import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AdmittedServer } from './admitted-server';

/** Tells the server as soon as the process is to stop, so that slow readers do not hold up its end. */
@Injectable()
export class AdmissionShutdown implements OnModuleDestroy {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleDestroy(): void {
    const server: unknown = this.host.httpAdapter.getHttpServer();
    if (server instanceof AdmittedServer) server.leave();
  }
}
