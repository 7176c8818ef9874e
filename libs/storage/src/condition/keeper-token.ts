import type { FactoryProvider } from '@nestjs/common';
import { portOf } from './port-of';
import type { StoreKeeper, WritableStore } from './store-keeper';

/** Injection token of a keeper of such stores. */
export class KeeperToken<Store extends WritableStore> {
  constructor(readonly name: string) {}

  /** Provides a port of whatever store the keeper has open at the moment. */
  port<Port extends object>(
    port: abstract new () => object,
    implementation: { readonly prototype: Port },
    from: (store: Store) => Port,
  ): FactoryProvider<Port> {
    return {
      provide: port,
      inject: [this.name],
      useFactory: (keeper: StoreKeeper<Store>) =>
        portOf(
          implementation,
          () => from(keeper.current),
          (error) => keeper.explain(error),
        ),
    };
  }
}
