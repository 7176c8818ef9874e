import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '@app/domain';
import type { HttpOptions } from '../http-options';
import { Callers } from './callers';
import { KeyRing } from './key-ring';

/** Who calls: by key where the process takes keys, else by address alone. */
@Module({})
export class KeysModule {
  static forRoot(http: HttpOptions, takesKeys: boolean): DynamicModule {
    if (!takesKeys) {
      const callers = { provide: Callers, useValue: new Callers(http, undefined) };
      return { module: KeysModule, providers: [callers], exports: [Callers] };
    }
    return {
      module: KeysModule,
      providers: [
        { provide: KeyRing, inject: [Clock], useFactory: (clock: Clock) => new KeyRing(http.apiKeys, clock) },
        { provide: Callers, inject: [KeyRing], useFactory: (ring: KeyRing) => new Callers(http, ring) },
      ],
      exports: [KeyRing, Callers],
    };
  }
}
