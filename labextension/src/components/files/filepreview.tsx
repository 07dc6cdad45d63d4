import * as React from 'react';
import type { FileEntry, Snapshot } from '../../api/types';
import type { IContext } from '../../context';
import { selectedAs, textOf } from '../../model/files';
import { CheckBox, Problem, useFetched } from '../dialogs/frame';

/** So much of a file is shown; bytes. */
const SHOWN = 64 * 1024;

const NOTHING = new Uint8Array();

/** One file of a snapshot: what it is, how it begins, and the way to all of it. */
export function FilePreview(props: {
  context: IContext;
  snapshot: Snapshot;
  path: string;
  entry: FileEntry;
  selection: readonly string[];
  onToggle: (path: string) => void;
  onBack: () => void;
}): React.ReactElement {
  const { context, snapshot, path, entry, onToggle } = props;
  const { format, model } = context;
  const { trans } = format;
  const selected = selectedAs(props.selection, path);
  const back = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => back.current?.focus(), []);
  return (
    <section
      className="nj-File-preview"
      aria-label={trans.__('Preview of %1', entry.name)}
      onKeyDown={event => {
        if (event.key === 'Backspace') {
          props.onBack();
        }
      }}
    >
      <div className="nj-ActionBar">
        <button
          ref={back}
          type="button"
          className="nj-Button"
          onClick={props.onBack}
        >
          {trans.__('Back to the folder')}
        </button>
        {entry.kind === 'file' && (
          <a
            className="nj-Button"
            href={model.api.contentUrl(snapshot.name, path)}
            download={entry.name}
          >
            {trans.__('Download')}
          </a>
        )}
      </div>
      <Facts entry={entry} context={context} />
      {selected === 'within' ? (
        <p className="nj-hint">{trans.__('Its folder is selected.')}</p>
      ) : (
        <CheckBox
          label={trans.__('Select to restore')}
          checked={selected === 'yes'}
          onChange={() => onToggle(path)}
        />
      )}
      {entry.kind === 'file' ? (
        <Text {...props} />
      ) : (
        <p className="nj-hint">
          {entry.kind === 'symlink'
            ? trans.__('A link to %1; it is not followed.', entry.link)
            : trans.__('It has no contents that could be shown.')}
        </p>
      )}
    </section>
  );
}

function Facts(props: {
  entry: FileEntry;
  context: IContext;
}): React.ReactElement {
  const { format } = props.context;
  const { kind, modified, size } = props.entry;
  const facts = [
    kind === 'file' && format.bytes(size),
    modified &&
      format.trans.__('changed %1', format.moment(Date.parse(modified)))
  ];
  return <p className="nj-hint">{facts.filter(Boolean).join(', ')}</p>;
}

function Text(props: {
  context: IContext;
  snapshot: Snapshot;
  path: string;
  entry: FileEntry;
}): React.ReactElement {
  const { context, entry, path, snapshot } = props;
  const { format, model } = context;
  const { trans } = format;
  const head = useFetched(JSON.stringify([snapshot.uid, path]), signal =>
    entry.size > 0
      ? model.api.head(snapshot.name, path, SHOWN, signal)
      : Promise.resolve(NOTHING)
  );
  const isWhole = entry.size <= SHOWN;
  const text = head.value && textOf(head.value, isWhole);
  return (
    <>
      <div role="status" aria-busy={head.loading}>
        {head.loading && (
          <p className="nj-Working nj-mod-late">
            {trans.__('Reading the file…')}
          </p>
        )}
        {head.value && text === null && (
          <p className="nj-hint">
            {trans.__('This is no text that could be shown; download it.')}
          </p>
        )}
        {text === '' && (
          <p className="nj-hint">{trans.__('The file is empty.')}</p>
        )}
        {text && !isWhole && (
          <p className="nj-hint">
            {trans.__(
              'The first %1 of %2:',
              format.bytes(SHOWN),
              format.bytes(entry.size)
            )}
          </p>
        )}
      </div>
      {head.error && <Problem error={head.error} />}
      {text && (
        <pre
          className="nj-File-text"
          role="region"
          aria-label={trans.__('Contents')}
          tabIndex={0}
        >
          {text}
        </pre>
      )}
    </>
  );
}
