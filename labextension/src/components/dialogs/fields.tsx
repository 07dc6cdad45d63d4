import * as React from 'react';
import type { Format } from '../../model/format';
import { nameProblem, sizeProblem } from '../../model/validate';
import { Field } from './frame';

/** What is wrong with the name of a new object, for its user. */
export function nameMessage(
  name: string,
  taken: readonly string[],
  { trans }: Format
): string {
  switch (nameProblem(name, taken)) {
    case null:
      return '';
    case 'empty':
      return trans.__('A name is needed.');
    case 'long':
      return trans.__('At most 253 characters.');
    case 'characters':
      return trans.__('Only lower-case letters, digits, “-” and “.”.');
    case 'ends':
      return trans.__('It has to start and end with a letter or a digit.');
    case 'taken':
      return trans.__('There is one of this name already.');
  }
}

/** What is wrong with a size, for its user. */
export function sizeMessage(
  size: string,
  more: number,
  { trans, ...format }: Pick<Format, 'trans'> & { bytes: string }
): string {
  switch (sizeProblem(size, more)) {
    case null:
      return '';
    case 'empty':
      return trans.__('A size is needed, such as 10Gi.');
    case 'unit':
      return trans.__('It needs a unit, such as Gi for GiB.');
    case 'number':
      return trans.__('Write a number and a unit, such as 10Gi.');
    case 'small':
      return more > 0
        ? trans.__('It has to be larger than %1.', format.bytes)
        : trans.__('It has to be larger than nothing.');
  }
}

export interface ITextProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: React.ReactNode;
  problem?: string;
  placeholder?: string;

  /** Whether the dialog opens with the focus here. */
  autoFocus?: boolean;
  maxLength?: number;
}

/** One line of text. */
export function TextField(props: ITextProps): React.ReactElement {
  const { label, help, problem, autoFocus } = props;
  const input = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (autoFocus) {
      input.current?.focus(); // a field that appears after the dialog has opened
    }
  }, [autoFocus]);
  return (
    <Field label={label} help={help} problem={problem}>
      {attributes => (
        <input
          {...attributes}
          ref={input}
          className="jp-mod-styled"
          type="text"
          value={props.value}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          spellCheck={false}
          autoComplete="off"
          data-nj-focus={autoFocus || undefined}
          onChange={event => props.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Why a snapshot or a volume is made. */
export function NoteField(
  props: Omit<ITextProps, 'label' | 'maxLength'> & { format: Format }
): React.ReactElement {
  const { format, ...rest } = props;
  return (
    <TextField
      {...rest}
      label={format.trans.__('Note (optional)')}
      maxLength={1000}
    />
  );
}

/** A choice of one. */
export function SelectField<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; label: string; disabled?: boolean }[];
  onChange: (value: T) => void;
  help?: React.ReactNode;
  problem?: string;
  autoFocus?: boolean;
}): React.ReactElement {
  return (
    <Field label={props.label} help={props.help} problem={props.problem}>
      {attributes => (
        <select
          {...attributes}
          className="jp-mod-styled nj-select"
          value={props.value}
          data-nj-focus={props.autoFocus || undefined}
          onChange={event => props.onChange(event.target.value as T)}
        >
          {props.options.map(({ value, label, disabled }) => (
            <option key={value} value={value} disabled={disabled}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
