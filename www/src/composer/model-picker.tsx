import {
  Combobox,
  ComboboxList,
  ComboboxProvider,
  Popover,
  PopoverDisclosure,
  PopoverProvider,
  usePopoverStore,
  useStoreState,
} from '@ariakit/react';
import type { ModelId } from '@kumari/credits';
import { ChevronDown, Plus, Search, X } from 'lucide-react';
import { memo, useState } from 'react';
import { type ModelOption, ModelOptions, matching } from './model-options';

/** The chips that say which models answer, and the menu to change them. */
export const ModelPicker = memo(function ModelPicker({
  models,
  optionsOf,
  isCompare,
  modelsMax,
  nameOf,
  format,
  pick,
}: {
  models: readonly ModelId[];
  /** Each model with its price; asked only while the menu is open. */
  optionsOf: () => ModelOption[];
  isCompare: boolean;
  modelsMax: number;
  nameOf: (model: ModelId) => string;
  format: (amount: string) => string;
  pick: (model: ModelId) => void;
}) {
  const [search, setSearch] = useState('');
  const popover = usePopoverStore({ placement: 'top-start' });
  const isOpen = useStoreState(popover, 'open');
  const isFull = isCompare && models.length >= modelsMax;
  return (
    <>
      {isCompare &&
        models.map((model) => (
          <span key={model} className="chip chip-model">
            {nameOf(model)}
            <button
              type="button"
              className="chip-remove"
              aria-label={`Leave out ${nameOf(model)}`}
              disabled={models.length === 1}
              onClick={() => {
                pick(model);
              }}
            >
              <X aria-hidden size={13} />
            </button>
          </span>
        ))}
      <PopoverProvider store={popover}>
        <PopoverDisclosure className="chip" aria-haspopup="dialog">
          {isCompare ? (
            <>
              <Plus aria-hidden size={14} /> {isFull ? 'Change models' : 'Add a model'}
            </>
          ) : (
            <>
              <span className="visually-hidden">Model: </span>
              {nameOf(models[0] ?? '')} <ChevronDown aria-hidden size={14} />
            </>
          )}
        </PopoverDisclosure>
        <Popover className="popover menu" gutter={8} aria-label="Models" unmountOnHide>
          <ComboboxProvider inputValue={search} setInputValue={setSearch} resetValueOnHide>
            <div className="menu-search">
              <Search aria-hidden size={15} />
              <Combobox autoSelect placeholder="Find a model" aria-label="Find a model" />
            </div>
            {isCompare && (
              <p className="menu-note">
                {models.length} of {modelsMax} chosen. The price is the sum of their answers.
              </p>
            )}
            <ComboboxList className="menu-list" alwaysVisible aria-label="Models">
              <ModelOptions
                options={isOpen ? matching(optionsOf(), search) : []}
                selected={models}
                isFull={isFull}
                format={format}
                pick={(model) => {
                  pick(model);
                  if (!isCompare) popover.hide();
                }}
              />
            </ComboboxList>
          </ComboboxProvider>
        </Popover>
      </PopoverProvider>
    </>
  );
});
