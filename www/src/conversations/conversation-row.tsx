// One conversation in the list: its title, where something was found in it, and what can be done
// with it.
import { Menu, MenuButton, MenuItem, MenuProvider } from '@ariakit/react';
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { memo, useId, useRef, useState } from 'react';
import type { ConversationSummary } from '../chat/api';
import { pathOf } from '../shell/route';
import type { Found } from './api';
import { remove, rename, titleOf } from './change';
import type { Open } from './conversations';

export const ConversationRow = memo(function ConversationRow({
  conversation,
  found,
  isCurrent,
  open,
}: {
  conversation: ConversationSummary;
  found?: Found;
  isCurrent: boolean;
  open: Open;
}) {
  const [isRenaming, setIsRenaming] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (isRenaming) {
    const end = (hadFocus: boolean) => {
      setIsRenaming(false);
      if (hadFocus) requestAnimationFrame(() => button.current?.focus());
    };
    return (
      <li className="conversation-row">
        <TitleField conversation={conversation} end={end} />
      </li>
    );
  }
  const title = titleOf(conversation);
  return (
    <li className="conversation-row">
      <a
        href={pathOf(conversation.id)}
        aria-current={isCurrent ? 'page' : undefined}
        title={title}
        onClick={open(conversation.id)}
      >
        {found?.in === 'title' ? (
          <span className="found">
            <Place found={found} />
          </span>
        ) : (
          title
        )}
        {found && found.in !== 'title' && (
          <small className="found">
            <Place found={found} />
          </small>
        )}
      </a>
      <MenuProvider placement="bottom-end">
        <MenuButton ref={button} className="row-button" aria-label={`Options of ${title}`}>
          <Ellipsis aria-hidden size={16} />
        </MenuButton>
        <Menu
          className="popover menu row-menu"
          gutter={4}
          aria-label={`Options of ${title}`}
          fixed
          unmountOnHide
          // What is chosen says itself where the focus goes.
          autoFocusOnHide={(element) => !isChosen(element)}
        >
          <MenuItem
            className="menu-item"
            onClick={() => {
              setIsRenaming(true);
            }}
          >
            <Pencil aria-hidden size={15} /> Rename
          </MenuItem>
          <MenuItem className="menu-item" onClick={() => void remove(conversation)}>
            <Trash2 aria-hidden size={15} /> Delete
          </MenuItem>
        </Menu>
      </MenuProvider>
    </li>
  );
});

/** The button is gone with its row. */
function isChosen(element: HTMLElement | null): boolean {
  return !element?.isConnected;
}

function Place({ found: { before, text, after } }: { found: Found }) {
  return (
    <>
      {before}
      <mark>{text}</mark>
      {after}
    </>
  );
}

/** The title while it is changed: Enter saves it, and so does leaving it; Escape leaves it as it was. */
function TitleField({
  conversation,
  end,
}: {
  conversation: ConversationSummary;
  end: (hadFocus: boolean) => void;
}) {
  const isOver = useRef(false);
  const faultId = useId();
  const [isEmpty, setIsEmpty] = useState(false);
  const save = (written: string, hadFocus: boolean) => {
    if (isOver.current) return;
    const title = written.trim();
    if (title === '' && hadFocus) {
      setIsEmpty(true);
      return;
    }
    isOver.current = true;
    end(hadFocus);
    if (title !== '' && title !== conversation.title) void rename(conversation, title);
  };
  return (
    <form
      className="title-form"
      onSubmit={(event) => {
        event.preventDefault();
        save(new FormData(event.currentTarget).get('title') as string, true);
      }}
    >
      <input
        name="title"
        aria-label="Title"
        aria-invalid={isEmpty}
        aria-describedby={isEmpty ? faultId : undefined}
        defaultValue={conversation.title}
        maxLength={200}
        autoComplete="off"
        enterKeyHint="done"
        ref={(field) => {
          field?.select();
        }}
        onChange={() => {
          setIsEmpty(false);
        }}
        onBlur={(event) => {
          save(event.target.value, false);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          isOver.current = true;
          end(true);
        }}
      />
      {isEmpty && (
        <small id={faultId} role="alert">
          There is nothing in it: write a title.
        </small>
      )}
    </form>
  );
}
