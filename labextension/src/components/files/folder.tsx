import * as React from 'react';
import { listFiles } from '../../api/files';
import type { FileEntry, FileList, Snapshot } from '../../api/types';
import type { IContext } from '../../context';
import { matching } from '../../model/files';
import type { IFetched } from '../dialogs/frame';
import { Problem, useFetched } from '../dialogs/frame';
import { FileGrid } from './filegrid';

/** Typing pauses that long before the server is asked; milliseconds. */
const PAUSE = 300;

export interface IFolderProps {
  context: IContext;
  snapshot: Snapshot;

  /** Empty for the root. */
  path: string;
  selection: readonly string[];

  /** The name of the entry that is active at first; empty for the first one. */
  start: string;
  onToggle: (path: string) => void;
  onOpen: (entry: FileEntry) => void;
  onUp: () => void;
}

/** One folder of a snapshot. */
export function Folder(props: IFolderProps): React.ReactElement {
  const { context, snapshot, path } = props;
  const { format, model } = context;
  const { trans } = format;
  const [letters, setLetters] = React.useState('');
  const [isPartial, setIsPartial] = React.useState(false);
  const [step, setStep] = React.useState('');
  const match = isPartial ? letters : ''; // what is all here is filtered here
  const listing = useFetched(
    JSON.stringify([snapshot.uid, path, match]),
    signal =>
      listFiles(
        model.api,
        { snapshot: snapshot.name, path, match },
        setStep,
        signal
      ),
    match ? PAUSE : 0
  );
  const left = listing.value
    ? listing.value.total - listing.value.items.length
    : 0;
  React.useEffect(() => {
    if (left > 0) {
      setIsPartial(true);
    }
  }, [left]);
  const items = listing.value?.items ?? [];
  const entries = isPartial ? items : matching(items, letters);
  return (
    <>
      <input
        className="jp-mod-styled nj-Files-filter"
        type="search"
        value={letters}
        placeholder={trans.__('Filter names')}
        aria-label={trans.__('Filter names')}
        spellCheck={false}
        autoComplete="off"
        data-nj-enter="stays"
        onChange={event => setLetters(event.target.value)}
      />
      <section
        className="nj-Files"
        aria-label={trans.__('Files')}
        aria-busy={listing.loading}
      >
        <Said
          listing={listing}
          step={step}
          isEmpty={entries.length === 0}
          {...props}
        />
        {listing.error && <Problem error={listing.error} />}
        {entries.length > 0 && (
          <FileGrid
            {...props}
            folder={path}
            entries={entries}
            format={format}
          />
        )}
      </section>
      {left > 0 && (
        <p className="nj-hint">
          {trans.__(
            'The first %1 of %2. Filter the names to see others.',
            format.count(items.length),
            format.count(listing.value!.total)
          )}
        </p>
      )}
    </>
  );
}

/** What is waited for; that there is nothing. */
function Said(props: {
  context: IContext;
  listing: IFetched<FileList>;
  step: string;
  isEmpty: boolean;
}): React.ReactElement {
  const { listing, step, isEmpty } = props;
  const { trans } = props.context.format;
  return (
    <div role="status">
      {listing.loading && (
        <p className="nj-Working nj-mod-late">
          {trans.__('Opening the snapshot…')} <span>{step}</span>
        </p>
      )}
      {listing.value && isEmpty && (
        <p className="nj-hint">
          {listing.value.total > 0
            ? trans.__('No name has these letters.')
            : trans.__('This folder is empty.')}
        </p>
      )}
    </div>
  );
}
