import { ComboboxGroup, ComboboxGroupLabel, ComboboxItem } from '@ariakit/react';
import type { Estimate, Model, ModelId } from '@kumari/credits';
import { Check } from 'lucide-react';
import { providerName } from '../credits/words';
import { LevelBadge } from '../ui/level-badge';

export interface ModelOption {
  model: Model;
  /** What the draft would cost with this model alone. */
  price: Estimate | null;
}

/** The models whose name, id or provider contains every word of `search`. */
export function matching(options: readonly ModelOption[], search: string): ModelOption[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter(({ model }) => {
    const text = `${model.name} ${model.id} ${providerName(model.provider)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Models by provider, each with its price for this message. */
export function ModelOptions({
  options,
  selected,
  isFull,
  format,
  pick,
}: {
  options: readonly ModelOption[];
  selected: readonly ModelId[];
  /** No more models can be compared. */
  isFull: boolean;
  format: (amount: string) => string;
  pick: (model: ModelId) => void;
}) {
  const byProvider = new Map<string, ModelOption[]>();
  for (const option of options) {
    const { provider } = option.model;
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), option]);
  }
  if (options.length === 0) return <p className="menu-empty">No model has that name.</p>;
  return [...byProvider].map(([provider, some]) => (
    <ComboboxGroup key={provider} className="menu-group">
      <ComboboxGroupLabel className="menu-label">{providerName(provider)}</ComboboxGroupLabel>
      {some.map(({ model, price }) => {
        const isSelected = selected.includes(model.id);
        return (
          <ComboboxItem
            key={model.id}
            className="menu-item"
            value={model.id}
            setValueOnClick={false}
            hideOnClick={false}
            focusOnHover
            aria-selected={isSelected}
            disabled={isFull && !isSelected}
            onClick={() => {
              pick(model.id);
            }}
          >
            <span className="menu-check">{isSelected && <Check aria-hidden size={15} />}</span>
            <span className="menu-name">{model.name}</span>
            {price && (
              <span className="menu-price">
                <span className="menu-likely">likely {format(price.expected)}</span>
                <LevelBadge level={price.level} />
              </span>
            )}
          </ComboboxItem>
        );
      })}
    </ComboboxGroup>
  ));
}
