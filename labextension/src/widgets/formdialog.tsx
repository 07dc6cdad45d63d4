import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { ApiError, Reason } from '../api/errors';
import { FormFrame } from '../components/dialogs/frame';

/** What a form does when it is accepted. */
type Submit<T> = (signal: AbortSignal) => Promise<T>;

/**
 * The state of a form in a dialog: whether it can be accepted, and how that goes.
 */
export class Form<T> {
  /** Emitted when anything here has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What accepting does; null while the form can't be accepted. */
  get submit(): Submit<T> | null {
    return this._submit;
  }
  set submit(submit: Submit<T> | null) {
    const differs = (submit === null) !== (this._submit === null);
    this._submit = submit;
    if (differs) {
      this._changed.emit();
    }
  }

  get isBusy(): boolean {
    return this._abort !== null;
  }

  /** Why it was not accepted. */
  get error(): ApiError | null {
    return this._error;
  }

  /** What accepting brought; null before. */
  get result(): T | null {
    return this._result;
  }

  /** Accept; resolves to whether that worked. */
  async run(): Promise<boolean> {
    if (!this._submit || this._abort) {
      return false;
    }
    const abort = (this._abort = new AbortController());
    this._error = null;
    this._changed.emit();
    try {
      this._result = await this._submit(abort.signal);
      return true;
    } catch (error) {
      const failure = ApiError.from(error);
      this._error = failure.reason === Reason.cancelled ? null : failure;
      return false;
    } finally {
      this._abort = null;
      this._changed.emit();
    }
  }

  abort(): void {
    this._abort?.abort();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _submit: Submit<T> | null = null;
  private _abort: AbortController | null = null;
  private _error: ApiError | null = null;
  private _result: T | null = null;
}

export interface IFormOptions<T> {
  title: string;

  /** Label of the button that accepts. */
  accept: string;

  /** Label of the button that dismisses. */
  cancel?: string;

  /** Whether accepting destroys something. */
  warn?: boolean;

  /** Of the dialog. */
  className?: string;

  trans: TranslationBundle;

  /** The fields; they set `form.submit`. */
  body: (form: Form<T>) => React.ReactElement;
}

/**
 * Show a form; resolves to what accepting it brought, or to null if it was dismissed.
 *
 * The dialog stays open until what it asks for is done, and shows the reason if that fails.
 */
export async function showForm<T>(options: IFormOptions<T>): Promise<T | null> {
  const form = new Form<T>();
  await new FormDialog(form, options).launch();
  return form.result;
}

class FormBody<T> extends ReactWidget {
  constructor(form: Form<T>, options: IFormOptions<T>) {
    super();
    this.addClass('nj-Form');
    this._form = form;
    this._options = options;
  }

  render(): React.ReactElement {
    const { body, trans } = this._options;
    return (
      <FormFrame form={this._form} trans={trans}>
        {body(this._form)}
      </FormFrame>
    );
  }

  private readonly _form: Form<T>;
  private readonly _options: IFormOptions<T>;
}

class FormDialog<T> extends Dialog<unknown> {
  constructor(form: Form<T>, options: IFormOptions<T>) {
    const { title, accept, cancel, className, warn, trans } = options;
    super({
      title,
      body: new FormBody(form, options),
      buttons: [
        Dialog.cancelButton({ label: cancel ?? trans.__('Cancel') }),
        warn
          ? Dialog.warnButton({ label: accept })
          : Dialog.okButton({ label: accept })
      ],
      defaultButton: warn ? CANCEL : ACCEPT,
      focusNodeSelector: '[data-nj-focus]'
    });
    this._form = form;
    this.addClass('nj-Dialog');
    if (className) {
      this.addClass(className);
    }
    this.node.setAttribute('aria-label', title);
    form.changed.connect(this._sync, this);
    this._sync();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._form.changed.disconnect(this._sync, this);
      this._form.abort();
      super.dispose();
    }
  }

  /** In the body, Enter accepts from a text field, and elsewhere does what it does anyway. */
  override handleEvent(event: Event): void {
    const target = event.target as HTMLElement;
    if (
      event.type !== 'keydown' ||
      (event as KeyboardEvent).key !== 'Enter' ||
      target.closest('.nj-Form') === null
    ) {
      super.handleEvent(event);
    } else if (target.matches('input:not([data-nj-enter=stays])')) {
      event.preventDefault();
      event.stopPropagation();
      this.resolve(ACCEPT);
    }
  }

  override resolve(index = ACCEPT): void {
    if (index !== ACCEPT) {
      super.resolve(index);
      return;
    }
    void this._form.run().then(done => {
      if (done) {
        super.resolve(index);
      }
    });
  }

  private _sync(): void {
    const { isBusy, submit } = this._form;
    const button = this.node.querySelector('.jp-Dialog-footer .jp-mod-accept');
    button?.setAttribute('aria-disabled', String(isBusy || submit === null));
    button?.classList.toggle('nj-mod-busy', isBusy);
  }

  private readonly _form: Form<T>;
}

/** Indices of the buttons. */
const CANCEL = 0;
const ACCEPT = 1;
