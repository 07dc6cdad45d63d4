import type { IChange } from '../api/types';

/** From so many single names on, the list is fetched instead. */
const MANY = 20;

/**
 * What a collection of hints asks for.
 */
export interface IHinted {
  /** Nothing that is known can be trusted. */
  everything: boolean;
  volumes: string[];
  manyVolumes: boolean;
  operations: string[];

  /** Names of snapshots by the name of their volume; null: too many to fetch one by one. */
  snapshots: ReadonlyMap<string, readonly string[] | null>;
}

/**
 * Collects what the server says has changed, each thing once.
 */
export class Hints {
  add({ kind, name = '', volume = '' }: Partial<IChange>): void {
    switch (kind) {
      case 'volume':
        this._volumes.add(name);
        break;
      case 'snapshot': {
        this._volumes.add(volume);
        const names = this._snapshots.get(volume) ?? new Set();
        this._snapshots.set(volume, names.add(name));
        break;
      }
      case 'operation':
        this._operations.add(name);
        break;
      default:
        this._everything = true;
    }
  }

  /** What was collected since the last call. */
  take(): IHinted {
    this._volumes.delete('');
    const manyVolumes = this._volumes.size > MANY;
    const hinted: IHinted = {
      everything: this._everything,
      volumes: manyVolumes ? [] : [...this._volumes],
      manyVolumes,
      operations: [...this._operations],
      snapshots: new Map(
        [...this._snapshots].map(([volume, names]) => [
          volume,
          names.size > MANY ? null : [...names]
        ])
      )
    };
    this._everything = false;
    this._volumes.clear();
    this._operations.clear();
    this._snapshots.clear();
    return hinted;
  }

  private _everything = false;
  private readonly _volumes = new Set<string>();
  private readonly _operations = new Set<string>();
  private readonly _snapshots = new Map<string, Set<string>>();
}
