/** `shorter`: gone, or shorter than what was stored of it; `altered`: its bytes are others. */
export type FileDamage = 'shorter' | 'altered';

/** Which bronze files were last found damaged, as health tells it. Written inside write units only. */
export abstract class DamagedFiles {
  abstract found(damage: FileDamage): string[];
  abstract note(damage: FileDamage, files: readonly string[]): void;
}
