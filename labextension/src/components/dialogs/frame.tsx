import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';
import { ApiError } from '../../api/errors';
import type { Form } from '../../widgets/formdialog';

/** Render anew whenever the form changes. */
export function useForm<T>(form: Form<T>): void {
  const [, setCount] = React.useState(0);
  React.useEffect(() => {
    const onChange = () => setCount(count => count + 1);
    form.changed.connect(onChange);
    return () => {
      form.changed.disconnect(onChange);
    };
  }, [form]);
}

/** Say what accepting does; null as long as the form is not complete. */
export function useSubmit<T>(
  form: Form<T>,
  submit: ((signal: AbortSignal) => Promise<T>) | null
): void {
  React.useEffect(() => {
    form.submit = submit;
  });
}

/**
 * An id for what is ordered: the same as long as the same is ordered, so that a second try after
 * a lost answer finds what the first one made.
 */
export function useRequestId(order: object): string {
  const key = JSON.stringify(order);
  // The key is what makes it another order.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  return React.useMemo(() => UUID.uuid4(), [key]);
}

/** Something that is fetched while a dialog is open. */
export interface IFetched<T> {
  value: T | null;
  error: ApiError | null;
  loading: boolean;
}

/** Fetch, and fetch again when `key` changes; what is under way then is given up. */
export function useFetched<T>(
  key: string,
  fetch: (signal: AbortSignal) => Promise<T>,
  delay = 0
): IFetched<T> {
  const [state, setState] = React.useState<IFetched<T> & { key: string }>({
    key: '',
    value: null,
    error: null,
    loading: true
  });
  const latest = React.useRef(fetch);
  latest.current = fetch;
  React.useEffect(() => {
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      latest
        .current(abort.signal)
        .then(value => ({ value, error: null }))
        .catch((error: unknown) => ({
          value: null,
          error: ApiError.from(error)
        }))
        .then(outcome => {
          if (!abort.signal.aborted) {
            setState({ ...outcome, key, loading: false });
          }
        })
        .catch(console.error);
    }, delay);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [key, delay]);
  return state.key === key
    ? state
    : { value: null, error: null, loading: true };
}

/** What stands around the fields of every form: why it was refused, and that it is at work. */
export function FormFrame<T>(props: {
  form: Form<T>;
  trans: TranslationBundle;
  children: React.ReactNode;
}): React.ReactElement {
  const { form, trans } = props;
  useForm(form);
  return (
    <div className="nj-Form-content">
      {props.children}
      <div role="alert">{form.error && <Problem error={form.error} />}</div>
      <div role="status" className="nj-visually-hidden">
        {form.isBusy ? trans.__('Working…') : ''}
      </div>
    </div>
  );
}

/** An error with what to do about it. */
export function Problem(props: {
  error: { message: string; hint: string };
}): React.ReactElement {
  const { message, hint } = props.error;
  return (
    <div className="nj-Message nj-mod-error">
      <p>{message}</p>
      {hint && <p className="nj-hint">{hint}</p>}
    </div>
  );
}

/** A labelled field with help and with what is wrong with it. */
export function Field(props: {
  label: string;
  help?: React.ReactNode;
  problem?: string;
  children: (attributes: IFieldAttributes) => React.ReactElement;
}): React.ReactElement {
  const { label, help, problem } = props;
  const id = React.useId();
  return (
    <div className="nj-Field">
      <label htmlFor={id}>{label}</label>
      {props.children({
        id,
        'aria-describedby': `${id}-help`,
        'aria-invalid': Boolean(problem)
      })}
      <div
        id={`${id}-help`}
        className={`nj-Field-help ${problem === undefined ? '' : 'nj-mod-reserved'}`}
        aria-live="polite"
      >
        {problem ? <span className="nj-problem">{problem}</span> : help}
      </div>
    </div>
  );
}

interface IFieldAttributes {
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

/** A labelled check box. */
export function CheckBox(props: {
  label: string;
  help?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}): React.ReactElement {
  const id = React.useId();
  return (
    <div className="nj-CheckBox">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        aria-describedby={props.help ? `${id}-help` : undefined}
        onChange={event => props.onChange(event.target.checked)}
      />
      <label htmlFor={id}>{props.label}</label>
      {props.help && (
        <div id={`${id}-help`} className="nj-Field-help">
          {props.help}
        </div>
      )}
    </div>
  );
}
