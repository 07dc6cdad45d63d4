import { PromiseDelegate } from '@lumino/coreutils';
import { ApiError, Reason } from './api/errors';
import type { Operation, Snapshot } from './api/types';
import { CommandIDs } from './commandids';
import type { IContext } from './context';
import { isRunning } from './model/lists';
import { fractionOf, summaryOf, titleOf } from './model/outcome';
import { sectionKey, snapshotKey, volumeKey } from './model/rows';
import { Toast } from './toast';

/** How long a message of success stays on the screen; milliseconds. */
const CLOSE_AFTER = 8_000;

/** How long a pending snapshot is waited for before its notification goes; milliseconds. */
const PATIENCE = 10 * 60_000;

/**
 * Tells what became of the things that were started in this page.
 */
export class Notifier {
  constructor(context: IContext) {
    this._context = context;
    context.model.operationChanged.connect(this._onOperation, this);
    context.model.snapshotSettled.connect(this._onSnapshot, this);
  }

  /** Tell of a snapshot from the request until it is cut; resolves with the answer. */
  async snapshot(volume: string, request: Promise<Snapshot>): Promise<void> {
    const { trans } = this._context.format;
    const toast = new Toast();
    toast.show({
      message: trans.__('Taking a snapshot of %1…', volume),
      type: 'in-progress',
      autoClose: false
    });
    try {
      const snapshot = await request;
      const settled = this._expect(snapshot);
      this._context.model.putSnapshot(snapshot);
      void settled.then(end => this._announce(toast, end));
    } catch (error) {
      this._fail(toast, trans.__('No snapshot of %1.', volume), error);
    }
  }

  deleted(volume: string): void {
    new Toast().show({
      message: this._context.format.trans.__(
        'The volume %1 is being deleted.',
        volume
      ),
      type: 'info',
      autoClose: CLOSE_AFTER
    });
  }

  /** Tell of an operation until it has ended. */
  follow(operation: Operation): void {
    this._toasts.get(operation.undo_of)?.dismiss(); // it still offers to undo
    this._toasts.set(operation.id, new Toast());
    this._onOperation(this._context.model, operation);
  }

  private _expect(snapshot: Snapshot): Promise<Snapshot> {
    if (snapshot.phase !== 'pending') {
      return Promise.resolve(snapshot);
    }
    const expected = new PromiseDelegate<Snapshot>();
    this._expected.set(snapshot.name, expected);
    window.setTimeout(() => expected.resolve(snapshot), PATIENCE);
    return expected.promise;
  }

  private _onSnapshot(_: unknown, snapshot: Snapshot): void {
    this._expected.get(snapshot.name)?.resolve(snapshot);
    this._expected.delete(snapshot.name);
  }

  private _announce(toast: Toast, snapshot: Snapshot): void {
    const { trans } = this._context.format;
    const { message, phase, volume } = snapshot;
    if (phase === 'ready') {
      toast.show({
        message: trans.__('Snapshot of %1 taken.', volume),
        type: 'success',
        autoClose: CLOSE_AFTER,
        actions: [
          {
            label: trans.__('Show'),
            caption: trans.__('Show it in the panel'),
            callback: () => this._showSnapshot(snapshot)
          }
        ]
      });
    } else if (phase === 'failed') {
      toast.show({
        message: trans.__('The snapshot of %1 failed: %2', volume, message),
        type: 'error',
        autoClose: false
      });
    } else {
      toast.dismiss();
    }
  }

  private _onOperation(_: unknown, operation: Operation): void {
    const toast = this._toasts.get(operation.id);
    if (toast && isRunning(operation)) {
      this._progress(toast, operation);
    } else if (toast && !this._ended.has(operation.id)) {
      this._ended.add(operation.id);
      this._end(toast, operation);
    }
  }

  private _progress(toast: Toast, operation: Operation): void {
    const { app, format } = this._context;
    const { trans } = format;
    toast.show({
      message: trans.__('%1: %2', titleOf(operation, format), operation.step),
      type: 'in-progress',
      progress: fractionOf(operation) ?? undefined,
      autoClose: false,
      actions: operation.can_cancel.allowed
        ? [
            {
              label: trans.__('Cancel'),
              callback: event => {
                event.preventDefault(); // stays, to tell how that ends
                void app.commands.execute(CommandIDs.cancel, {
                  operation: operation.id
                });
              }
            }
          ]
        : []
    });
  }

  private _end(toast: Toast, operation: Operation): void {
    const { app, format } = this._context;
    const { trans } = format;
    const { can_undo, id, kind, outcome, state, volume } = operation;
    const left = (outcome?.conflict_count ?? 0) + (outcome?.failure_count ?? 0);
    const actions = [];
    if (can_undo.allowed) {
      actions.push({
        label: trans.__('Undo'),
        callback: () => {
          void app.commands.execute(CommandIDs.undo, { operation: id });
        }
      });
    }
    if (kind === 'clone' && state === 'done') {
      actions.push({
        label: trans.__('Show'),
        callback: () => this._showVolume(volume)
      });
    }
    toast.show({
      message: trans.__(
        '%1: %2',
        titleOf(operation, format),
        summaryOf(operation, format)
      ),
      type:
        state === 'failed'
          ? 'error'
          : state === 'cancelled'
            ? 'info'
            : left > 0
              ? 'warning'
              : 'success',
      autoClose: state === 'done' && left === 0 ? CLOSE_AFTER : false,
      actions
    });
  }

  private _fail(toast: Toast, what: string, error: unknown): void {
    const { message, hint, reason } = ApiError.from(error);
    if (reason === Reason.cancelled) {
      toast.dismiss();
    } else {
      toast.show({
        message: [what, message, hint].filter(Boolean).join(' '),
        type: 'error',
        autoClose: false
      });
    }
  }

  private _showSnapshot({ uid, volume_uid }: Snapshot): void {
    const { app, model, state } = this._context;
    const role = model.volumes.find(entry => entry.uid === volume_uid)?.role;
    void app.commands.execute(CommandIDs.open);
    void model
      .loadHistory(volume_uid)
      .then(() =>
        state.reveal(
          snapshotKey(uid),
          volumeKey(volume_uid),
          sectionKey(role === 'shared' ? 'shared' : 'other')
        )
      );
  }

  private _showVolume(name: string): void {
    const { app, model, state } = this._context;
    const volume = model.volume(name);
    if (volume) {
      void app.commands.execute(CommandIDs.open);
      state.reveal(
        volumeKey(volume.uid),
        sectionKey(volume.role === 'shared' ? 'shared' : 'other')
      );
    }
  }

  private readonly _context: IContext;
  private readonly _toasts = new Map<string, Toast>();
  private readonly _ended = new Set<string>();
  private readonly _expected = new Map<string, PromiseDelegate<Snapshot>>();
}
