import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Snapshot, Volume } from './api/types';
import type { IContext } from './context';
import { snapshotKey, volumeKey } from './model/rows';

/** Arguments of a command; `isContextMenu` says that it acts on what was clicked. */
export type Args = ReadonlyPartialJSONObject;

/**
 * Finds what a command is to act on: its arguments, else what was clicked, else what is active in
 * the panel, else the workspace.
 */
export class Targets {
  constructor(context: IContext) {
    this._context = context;
  }

  /** The name in the arguments is taken as it is, so that a command works on what isn't loaded. */
  volumeName(args: Args, orActive = true): string {
    return text(args.volume) || (this.volume(args, orActive)?.name ?? '');
  }

  /**
   * @param orActive - Whether the panel's active row counts. Not for what has no dialog that says
   * which volume it is: that goes to the workspace.
   */
  volume(args: Args, orActive = true): Volume | null {
    const { model, state } = this._context;
    if (args.volume) {
      return model.volume(text(args.volume));
    }
    if (args.isContextMenu) {
      return model.volume(this._clicked('njVolume'));
    }
    const active = orActive
      ? model.volumes.find(({ uid }) => state.active === volumeKey(uid))
      : undefined;
    return active ?? model.workspace;
  }

  snapshotName(args: Args): string {
    return text(args.snapshot) || (this.snapshot(args)?.name ?? '');
  }

  snapshot(args: Args): Snapshot | null {
    const { model, state } = this._context;
    if (args.snapshot) {
      return model.snapshot(text(args.snapshot));
    }
    if (args.isContextMenu) {
      return model.snapshot(this._clicked('njSnapshot'));
    }
    const prefix = snapshotKey('');
    return state.active?.startsWith(prefix)
      ? model.snapshotByUid(state.active.slice(prefix.length))
      : null;
  }

  /** Whether files of a volume can be seen in the file browser; true while that is not known. */
  mayHaveMountedFiles(): boolean {
    const { model, browser } = this._context;
    return (
      browser !== null &&
      (!model.isLoaded || model.volumes.some(({ mount_path }) => mount_path))
    );
  }

  private _clicked(key: string): string {
    const node = this._context.app.contextMenuHitTest(
      ({ dataset }) => dataset[key] !== undefined
    );
    return node?.dataset[key] ?? '';
  }

  private readonly _context: IContext;
}

/** The value if it is a text, else the empty one. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
