import * as React from 'react';
import type { FileEntry, Snapshot } from '../../api/types';
import type { IContext } from '../../context';
import { childPath, folderOf, nameOf, toggled } from '../../model/files';
import { momentOf } from '../../model/lists';
import { explain } from '../../model/permissions';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { Crumbs } from '../files/crumbs';
import { FilePreview } from '../files/filepreview';
import { Folder } from '../files/folder';
import { Selection } from '../files/selection';
import { useSubmit } from './frame';

/** What has the focus when the dialog has it: the active row, else the first button. */
const FIRST = '[role=row][tabindex="0"], .nj-File-preview button';

/** Show the files of a snapshot; resolves to those that are to be restored, null for none. */
export function showBrowseForm(
  context: IContext,
  snapshot: Snapshot
): Promise<readonly string[] | null> {
  const { trans } = context.format;
  return showForm<readonly string[]>({
    title: trans.__('Files in a snapshot of %1', snapshot.volume),
    accept: trans.__('Restore selected…'),
    cancel: trans.__('Close'),
    className: 'nj-mod-wide',
    trans,
    body: form => (
      <BrowseForm form={form} context={context} snapshot={snapshot} />
    )
  });
}

function BrowseForm(props: {
  form: Form<readonly string[]>;
  context: IContext;
  snapshot: Snapshot;
}): React.ReactElement {
  const { context, snapshot } = props;
  const { format, permissions } = context;
  const { trans } = format;
  const [folder, setFolder] = React.useState('');
  const [file, setFile] = React.useState<FileEntry | null>(null);
  const [last, setLast] = React.useState('');
  const [selection, setSelection] = React.useState<readonly string[]>([]);
  const restore = permissions.onSnapshot(snapshot, 'restore');
  useSubmit(
    props.form,
    restore.allowed && selection.length > 0
      ? () => Promise.resolve(selection)
      : null
  );
  const onToggle = (path: string) => setSelection(toggled(selection, path));
  const go = (path: string, from: string) => {
    setFile(null);
    setFolder(path);
    setLast(from);
  };
  const moment = momentOf(snapshot);
  const shared = { context, snapshot, selection, onToggle };
  return (
    <>
      <p className="nj-quoted">
        {snapshot.note || snapshot.name}
        <br />
        <span className="nj-hint">
          {trans.__(
            'As of %1 (%2)',
            format.moment(moment),
            format.relative(moment, Date.now())
          )}
        </span>
      </p>
      <Crumbs
        root={snapshot.volume}
        path={file ? childPath(folder, file.name) : folder}
        trans={trans}
        onGo={path => go(path, '')}
      />
      <div
        className="nj-Browse"
        tabIndex={-1}
        data-nj-focus
        onFocus={({ target, currentTarget }) => {
          // The dialog focuses this when it is idle, and whenever the focus would leave the dialog.
          if (target === currentTarget) {
            currentTarget.querySelector<HTMLElement>(FIRST)?.focus();
          }
        }}
      >
        {file ? (
          <FilePreview
            {...shared}
            path={childPath(folder, file.name)}
            entry={file}
            onBack={() => go(folder, file.name)}
          />
        ) : (
          <Folder
            {...shared}
            key={folder}
            path={folder}
            start={last}
            onOpen={entry =>
              entry.kind === 'directory'
                ? go(childPath(folder, entry.name), '')
                : setFile(entry)
            }
            onUp={() => folder && go(folderOf(folder), nameOf(folder))}
          />
        )}
      </div>
      <Selection
        paths={selection}
        format={format}
        refusal={explain(restore)}
        onClear={() => setSelection([])}
      />
    </>
  );
}
