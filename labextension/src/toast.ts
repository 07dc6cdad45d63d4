import { Notification } from '@jupyterlab/apputils';

/** What takes less than that is told of only when it is done; milliseconds. */
const DELAY = 300;

/** The application may lose a change that comes sooner after the one before; milliseconds. */
const GAP = 300;

type State = { message: string; type: Notification.TypeOptions } & Pick<
  Notification.IOptions<string>,
  'actions' | 'autoClose' | 'progress'
>;

/**
 * One notification that changes as something proceeds.
 */
export class Toast {
  /** What it says from now on. */
  show(state: State): void {
    this._state = state;
    if (this._timer === null && !this._isDismissed) {
      const isUrgent = this._id === null && state.type !== 'in-progress';
      this._timer = window.setTimeout(
        () => this._flush(),
        isUrgent ? 0 : this._id === null ? DELAY : GAP
      );
    }
  }

  dismiss(): void {
    this._isDismissed = true;
    if (this._timer !== null) {
      window.clearTimeout(this._timer);
      this._timer = null;
    }
    if (this._id !== null) {
      Notification.dismiss(this._id);
    }
  }

  private _flush(): void {
    this._timer = null;
    const { message, type, ...options } = this._state!;
    if (this._id === null) {
      this._id = Notification.emit(message, type, options);
    } else {
      Notification.update({ id: this._id, message, type, ...options });
    }
  }

  private _state: State | null = null;
  private _timer: number | null = null;
  private _id: string | null = null;
  private _isDismissed = false;
}
