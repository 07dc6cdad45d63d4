import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** What happens to unsaved changes: they go into the safety snapshot, or are given up. */
export type Unsaved = 'save' | 'discard';

/** Documents with unsaved changes that a restore may change, and what to do about them. */
export function UnsavedChoice(props: {
  trans: TranslationBundle;
  paths: readonly string[];
  value: Unsaved;
  onChange: (value: Unsaved) => void;
}): React.ReactElement {
  const { trans, paths, value, onChange } = props;
  const group = React.useId();
  const radio = (choice: Unsaved, label: string) => (
    <label className="nj-Radio">
      <input
        type="radio"
        name={group}
        checked={value === choice}
        onChange={() => onChange(choice)}
      />
      {label}
    </label>
  );
  return (
    <fieldset className="nj-Fieldset nj-Message nj-mod-warning">
      <legend>
        {trans._n(
          'An open document has unsaved changes',
          '%1 open documents have unsaved changes',
          paths.length
        )}
      </legend>
      <ul className="nj-list">
        {paths.map(path => (
          <li key={path} className="nj-path">
            {path}
          </li>
        ))}
      </ul>
      {radio(
        'save',
        trans.__('Save first, so that the safety snapshot has them')
      )}
      {radio('discard', trans.__('Give them up and reload after the restore'))}
    </fieldset>
  );
}
