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

  /** Names of what is gone, so that there is nothing to fetch. */
  goneVolumes: readonly string[];
  goneSnapshots: readonly string[];
  goneOperations: readonly string[];
}

/**
 * Collects what the server says has changed, each thing once and as it was at last.
 *
 * A hint without a name stands for many of its kind.
 */
export class Hints {
  add({ kind, action, name = '', volume = '' }: Partial<IChange>): void {
    const isGone = action === 'deleted' && name !== '';
    switch (kind) {
      case 'volume':
        this._volumes.set(name, isGone);
        break;
      case 'snapshot':
        this._snapshots.set(name, { volume, isGone });
        if (!this._volumes.get(volume)) {
          this._volumes.set(volume, false); // it counts them
        }
        break;
      case 'operation':
        this._operations.set(name, isGone);
        break;
      default:
        this._everything = true;
    }
  }

  /** What was collected since the last call. */
  take(): IHinted {
    const volumes = [...this._volumes];
    const snapshots = [...this._snapshots];
    const operations = [...this._operations];
    const hinted: IHinted = {
      everything: this._everything,
      volumes: few(namesOf(volumes.filter(([, isGone]) => !isGone))),
      goneVolumes: namesOf(volumes.filter(([, isGone]) => isGone)),
      snapshots: byVolume(snapshots.filter(([, { isGone }]) => !isGone)),
      goneSnapshots: namesOf(snapshots.filter(([, { isGone }]) => isGone)),
      operations: few(namesOf(operations.filter(([, isGone]) => !isGone))),
      goneOperations: namesOf(operations.filter(([, isGone]) => isGone))
    };
    this._everything = false;
    this._volumes.clear();
    this._operations.clear();
    this._snapshots.clear();
    return hinted;
  }

  private _everything = false;

  /** Name to whether it is gone. */
  private readonly _volumes = new Map<string, boolean>();
  private readonly _operations = new Map<string, boolean>();
  private readonly _snapshots = new Map<string, ISnapshotHint>();
}

interface ISnapshotHint {
  /** Name of its volume. */
  volume: string;
  isGone: boolean;
}

function namesOf(entries: readonly [string, unknown][]): string[] {
  return entries.map(([name]) => name);
}

/** The names; null if they are too many, or if one stands for many. */
function few(names: string[]): string[] | null {
  return names.includes('') || names.length > MANY ? null : names;
}

function byVolume(
  entries: readonly [string, ISnapshotHint][]
): Map<string, string[]> | null {
  if (few(namesOf(entries)) === null) {
    return null;
  }
  const groups = new Map<string, string[]>();
  for (const [name, { volume }] of entries) {
    groups.set(volume, [...(groups.get(volume) ?? []), name]);
  }
  return groups;
}
