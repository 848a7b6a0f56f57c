// Results of tools as cards: a table tool name -> function(result, args, ctx) that makes an element, or null.

export const CARDS = {};

/** The card of a result, or null. ctx: {t, locale, site, currency, units, ask(text)}. A card that fails is none. */
export function card(toolName, result, args, ctx, cards = CARDS) {
  if (!Object.hasOwn(cards, toolName) || !result || typeof result !== "object") return null;
  try {
    return cards[toolName](result, args ?? {}, ctx) ?? null;
  } catch (error) {
    console.warn(`turnpike: the card of ${toolName} failed`, error);
    return null;
  }
}
