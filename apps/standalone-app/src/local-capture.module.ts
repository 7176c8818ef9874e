import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { LocalProcess } from '@app/api';
import { CaptureStatus } from '@app/capture';

/** Capture in this process, as its `/health` shows it: asked at each request, not read from the store. */
@Injectable()
class LocalCapture extends LocalProcess {
  readonly name = 'standalone';

  constructor(private readonly capture: CaptureStatus) {
    super();
  }

  status(): object {
    return this.capture.snapshot();
  }

  sinkFault(): string {
    return this.capture.sinkFault();
  }

  exchangeFault(): string {
    return this.capture.exchangeFault();
  }

  clockFault(): string {
    return this.capture.clockState().detail;
  }
}

/** Tells the API how the capture of this process does. */
@Module({})
export class LocalCaptureModule {
  static of(capture: DynamicModule): DynamicModule {
    return {
      module: LocalCaptureModule,
      imports: [capture],
      providers: [{ provide: LocalProcess, useClass: LocalCapture }],
      exports: [LocalProcess],
    };
  }
}
