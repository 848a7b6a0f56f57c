// Tool calls in words.
import {sentence} from "./elements.js";
import {t} from "./words.js";

// What a failed tool call says to the user. Its own text is the model's, which tells the user what matters.
const FAULTS = {
  not_found: () => t("Not found."),
  ambiguous: () => t("More than one fits."),
  conflict: () => t("It has changed meanwhile."),
  forbidden: () => t("That is not allowed."),
  denied: () => t("You said no."),
  approval_denied: () => t("You said no."),
  approval_expired: () => t("The question was not answered in time."),
  approval_cancelled: () => t("You went on without it."),
  rate_limited: () => t("Too many at once."),
  limit_reached: () => t("There is no room for more."),
  no_route: () => t("There is no road between these places."),
  provider_not_configured: () => t("This service is not set up here."),
  provider_failed: () => t("The service behind it failed."),
  provider_unavailable: () => t("The service behind it cannot be reached."),
  timeout: () => t("It took too long."),
  unknown_outcome: () => t("It is not known whether it was done."),
};

/** Why a call has failed, for the user. */
export const faultOf = code => Object.hasOwn(FAULTS, code ?? "") ? FAULTS[code]() : t("That did not work.");

/** What a call is doing or has done. */
export const toolSentence = part => sentence(part.name);
