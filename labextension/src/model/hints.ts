import type { IChange } from '../api/types';

/** From so many single names on, the list is fetched instead. */
const MANY = 20;

/**
 * What a collection of hints asks for.
 */
export interface IHinted {
  /** Nothing that is known can be trusted. */
  everything: boolean;

  /** Names; null: fetch the list. */
  volumes: readonly string[] | null;

  /** Ids; null: fetch the list. */
  operations: readonly string[] | null;

  /** Names by the name of their volume; null: fetch whatever was fetched. */
  snapshots: ReadonlyMap<string, readonly string[]> | null;
}

/**
 * Collects what the server says has changed, each thing once.
 *
 * A hint without a name stands for many of its kind.
 */
export class Hints {
  add({ kind, name = '', volume = '' }: Partial<IChange>): void {
    switch (kind) {
      case 'volume':
        this._volumes.add(name);
        break;
      case 'snapshot':
        this._volumes.add(volume);
        this._snapshots.set(name, volume);
        break;
      case 'operation':
        this._operations.add(name);
        break;
      default:
        this._everything = true;
    }
  }

  /** What was collected since the last call. */
  take(): IHinted {
    const hinted: IHinted = {
      everything: this._everything,
      volumes: few(this._volumes),
      operations: few(this._operations),
      snapshots: few(new Set(this._snapshots.keys())) ? this._byVolume() : null
    };
    this._everything = false;
    this._volumes.clear();
    this._operations.clear();
    this._snapshots.clear();
    return hinted;
  }

  private _byVolume(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const [name, volume] of this._snapshots) {
      groups.set(volume, [...(groups.get(volume) ?? []), name]);
    }
    return groups;
  }

  private _everything = false;
  private readonly _volumes = new Set<string>();
  private readonly _operations = new Set<string>();

  /** Name of the snapshot to that of its volume. */
  private readonly _snapshots = new Map<string, string>();
}

/** The names; null if they are too many, or if one stands for many. */
function few(names: ReadonlySet<string>): string[] | null {
  return names.has('') || names.size > MANY ? null : [...names];
}
